/*
 * ASSERTION: The branch not taken does not fault.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

int zero;

BEGIN
{
	printf("%d %d\n", zero ? 1 / zero : 5, zero && 1 / zero);
	exit(0);
}
