/*
 * ASSERTION: So does a remainder.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

int zero;

BEGIN
{
	n = 7 % zero;
}

BEGIN
{
	printf("%d\n", n);
	exit(0);
}
