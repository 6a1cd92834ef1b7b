/*
 * ASSERTION: Operators bind as in C.
 *
 * SECTION: Types, Operators, and Expressions/Precedence
 */

#pragma D option quiet

BEGIN
{
	a = 6;
	b = 3;
	c = 2;
	printf("%d %d %d\n", a + b * c, a - b - c, a / b / c);
	printf("%d %d %d\n", a & b | c, a | b & c, a ^ b & c);
	printf("%d %d %d\n", a << b + c, a + b << c, 1 << c << b);
	printf("%d %d %d\n", a == b * c, a & b == c, !a == b);
	printf("%d %d\n", -a * b, ~a + b);
	exit(0);
}
