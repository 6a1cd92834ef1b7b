/*
 * ASSERTION: Unsigned comparison takes all bits as value.
 *
 * SECTION: Types, Operators, and Expressions/Relational Operators
 */

#pragma D option quiet

uint64_t a, b;

BEGIN
{
	a = -1;
	b = 1;
	printf("%d %d %d %d %d %d\n", a < b, a <= b, a > b, a >= b, a == b, a != b);
	exit(0);
}
