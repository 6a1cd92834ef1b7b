/*
 * ASSERTION: Every fault is reported.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

int zero, n;

BEGIN
{
	x = 1 / zero;
}

BEGIN
{
	x = 2 % zero;
}

BEGIN
{
	exit(0);
}
