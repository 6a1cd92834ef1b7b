/*
 * ASSERTION: Only the chosen branch of ?: runs.
 *
 * SECTION: Types, Operators, and Expressions/Conditional Expressions
 */

#pragma D option quiet

int a, b;

BEGIN
{
	x = 1 ? 10 : 20;
	y = a ? 10 : 20;
	printf("%d %d\n", x, y);
	a ? a++ : b++;
	printf("%d %d\n", a, b);
	printf("%d %d %d\n", x < 5 ? 1 : x < 15 ? 2 : 3, y < 5 ? 1 : y < 15 ? 2 : 3, 0 ? 1 : 2);
	exit(0);
}
