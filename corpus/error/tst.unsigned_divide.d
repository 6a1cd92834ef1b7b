/*
 * ASSERTION: Unsigned division by zero gives 0 and the remainder is the
 * dividend, without a fault.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

uint64_t n, zero;

BEGIN
{
	n = 7;
	printf("%d %d\n", n / zero, n % zero);
	exit(0);
}
