/*
 * ASSERTION: The five binary operators of signed integers give C's results.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

BEGIN
{
	a = 17;
	b = 5;
	printf("%d %d %d %d %d\n", a + b, a - b, a * b, a / b, a % b);
	printf("%d %d %d\n", b - a, 2 + 3 * 4, (2 + 3) * 4);
	exit(0);
}
