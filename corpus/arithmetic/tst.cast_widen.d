/*
 * ASSERTION: A narrow signed value is extended with its sign, an unsigned one
 * with zeros.
 *
 * SECTION: Types, Operators, and Expressions/Type Conversions
 */

#pragma D option quiet

int8_t a;
uint8_t b;
int32_t c;
uint32_t d;

BEGIN
{
	a = -2;
	b = -2;
	c = -2;
	d = -2;
	printf("%d %d %d %d\n", (int64_t)a, (int64_t)b, (int64_t)c, (int64_t)d);
	printf("%x %x\n", (uint64_t)a, (uint64_t)c);
	exit(0);
}
