/*
 * ASSERTION: A left shift drops the bits that leave 64.
 *
 * SECTION: Types, Operators, and Expressions/Bitwise Operators
 */

#pragma D option quiet

uint64_t a;

BEGIN
{
	a = 0x8000000000000001;
	printf("%x %x %x\n", a << 1, a << 4, a << 63);
	n = 3;
	printf("%x\n", a << n);
	exit(0);
}
