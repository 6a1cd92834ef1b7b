/*
 * ASSERTION: %u, %x, %X and %o show the value without sign.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	n = 48879;
	printf("[%u] [%x] [%X] [%o]\n", n, n, n, n);
	printf("[%#x] [%#X] [%#o]\n", n, n, n);
	printf("[%8x] [%-8x] [%08x] [%#10x] [%.6x]\n", n, n, n, n, n);
	printf("[%x] [%u] [%o]\n", -1, -1, -1);
	exit(0);
}
