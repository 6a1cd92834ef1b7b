/*
 * ASSERTION: Several descriptions share one clause.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

#pragma D option quiet

BEGIN,
END
{
	printf("%s\n", probename);
}

BEGIN
{
	exit(0);
}
