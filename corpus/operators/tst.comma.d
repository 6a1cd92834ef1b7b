/*
 * ASSERTION: The comma operator evaluates both sides and gives the right one.
 *
 * SECTION: Types, Operators, and Expressions/Precedence
 */

#pragma D option quiet

int a, b;

BEGIN
{
	b = (a = 4, a + 1);
	printf("%d %d\n", a, b);
	exit(0);
}
