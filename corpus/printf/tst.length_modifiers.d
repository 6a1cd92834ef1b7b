/*
 * ASSERTION: h, l and ll go with the types that they name.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("%hd %hu %hx\n", (short)-1, (unsigned short)-1, (short)-1);
	printf("%ld %lu %lx\n", (long)-1, (unsigned long)-1, (long)-1);
	printf("%lld %llu %llx\n", (long long)-1, (unsigned long long)-1, (long long)-1);
	exit(0);
}
