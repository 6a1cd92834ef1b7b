/*
 * ASSERTION: Clauses of one probe run in the order of the program.
 *
 * SECTION: dtrace Provider/BEGIN Probe
 */

#pragma D option quiet

BEGIN
{
	printf("1");
}

dtrace:::BEGIN
{
	printf("2");
}

::BEGIN
{
	printf("3");
}

BEGIN
{
	printf("4\n");
	exit(0);
}
