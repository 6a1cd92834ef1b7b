/*
 * ASSERTION: The prefix forms give the new value, the postfix forms the old
 * one.
 *
 * SECTION: Types, Operators, and Expressions/Increment and Decrement Operators
 */

#pragma D option quiet

int v;

BEGIN
{
	v = 5;
	printf("%d ", v++);
	printf("%d ", v);
	printf("%d ", ++v);
	printf("%d ", v--);
	printf("%d ", v);
	printf("%d\n", --v);
	exit(0);
}
