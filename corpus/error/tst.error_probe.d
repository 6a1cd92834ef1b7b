/*
 * ASSERTION: A clause of ERROR runs when a clause faults.
 *
 * SECTION: dtrace Provider/ERROR Probe
 *
 * @@status: 3
 */

#pragma D option quiet

int zero;

ERROR
{
	printf("%s after a fault\n", probename);
	exit(3);
}

BEGIN
{
	n = 1 / zero;
}
