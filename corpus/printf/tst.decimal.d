/*
 * ASSERTION: %d and %i with every flag, width and precision.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	n = 42;
	m = -42;
	printf("[%d] [%d] [%i]\n", n, m, m);
	printf("[%6d] [%-6d] [%06d] [%+d] [% d]\n", n, n, n, n, n);
	printf("[%6d] [%-6d] [%06d] [%+d] [% d]\n", m, m, m, m, m);
	printf("[%.5d] [%8.5d] [%-8.5d]\n", n, n, n);
	printf("[%+6d] [%-+6d] [%+06d]\n", n, n, n);
	exit(0);
}
