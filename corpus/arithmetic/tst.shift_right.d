/*
 * ASSERTION: A right shift copies the sign of a signed value and brings in
 * zeros on an unsigned one.
 *
 * SECTION: Types, Operators, and Expressions/Bitwise Operators
 */

#pragma D option quiet

int64_t s;
uint64_t u;
int i;

BEGIN
{
	s = -16;
	u = -16;
	i = -16;
	printf("%d %x %d\n", s >> 2, u >> 60, i >> 3);
	exit(0);
}
