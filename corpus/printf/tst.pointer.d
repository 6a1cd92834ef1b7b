/*
 * ASSERTION: %p shows an address in hexadecimal.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("%p %p\n", (void *)0x1234abcd, (char *)0xffffffff81000000);
	printf("[%18p] [%-18p]\n", (void *)0x1234, (void *)0x1234);
	exit(0);
}
