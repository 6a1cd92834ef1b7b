/*
 * ASSERTION: An assignment has the value that was assigned.
 *
 * SECTION: Types, Operators, and Expressions/Assignment Operators
 */

#pragma D option quiet

int a, b, c;

BEGIN
{
	a = b = c = 12;
	printf("%d %d %d\n", a, b, c);
	printf("%d\n", (a += 3) * 2);
	exit(0);
}
