/*
 * ASSERTION: Each compound assignment does what its operator does.
 *
 * SECTION: Types, Operators, and Expressions/Assignment Operators
 */

#pragma D option quiet

int64_t v;

BEGIN
{
	v = 100;
	v += 11; printf("%d ", v);
	v -= 1; printf("%d ", v);
	v *= 3; printf("%d ", v);
	v /= 4; printf("%d ", v);
	v %= 50; printf("%d ", v);
	v <<= 4; printf("%d ", v);
	v >>= 1; printf("%d ", v);
	v &= 0xf8; printf("%d ", v);
	v |= 0x7; printf("%d ", v);
	v ^= 0xff; printf("%d\n", v);
	exit(0);
}
