/*
 * ASSERTION: Signed comparison knows negative numbers.
 *
 * SECTION: Types, Operators, and Expressions/Relational Operators
 */

#pragma D option quiet

int64_t a, b;

BEGIN
{
	a = -1;
	b = 1;
	printf("%d %d %d %d %d %d\n", a < b, a <= b, a > b, a >= b, a == b, a != b);
	printf("%d %d %d %d %d %d\n", a < a, a <= a, a > a, a >= a, a == a, a != a);
	exit(0);
}
