/*
 * ASSERTION: A clause runs once for each of its descriptions.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

#pragma D option quiet

BEGIN,
dtrace:::BEGIN
{
	n++;
}

BEGIN
{
	printf("%d\n", n);
	exit(0);
}
