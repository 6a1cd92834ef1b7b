/*
 * ASSERTION: Of two operands of one size the unsigned one decides the type.
 *
 * SECTION: Types, Operators, and Expressions/Type Conversions
 */

#pragma D option quiet

int64_t s;
uint64_t u;
int32_t w;

BEGIN
{
	s = -1;
	u = 1;
	w = -1;
	printf("%d %d %d\n", s < u, w < u, s < 1);
	printf("%u\n", s + u);
	printf("%d\n", w / (int64_t)1);
	exit(0);
}
