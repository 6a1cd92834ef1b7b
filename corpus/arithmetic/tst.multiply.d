/*
 * ASSERTION: Multiplication keeps the low 64 bits.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

int64_t a, b;

BEGIN
{
	a = 3037000500;
	b = 3037000500;
	printf("%d\n", a * b);
	a = -4;
	printf("%d %d\n", a * 1000000007, a * a);
	exit(0);
}
