/*
 * ASSERTION: Decimal, octal and hexadecimal literals.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d\n", 0, 10, 010, 0x10);
	printf("%d %d %d\n", 0XfF, 0xABCDEF, 0777);
	printf("%d %u\n", 9223372036854775807, 18446744073709551615u);
	exit(0);
}
