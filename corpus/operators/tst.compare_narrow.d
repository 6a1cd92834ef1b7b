/*
 * ASSERTION: Narrow operands are compared by value.
 *
 * SECTION: Types, Operators, and Expressions/Relational Operators
 */

#pragma D option quiet

int8_t a;
uint8_t b;

BEGIN
{
	a = -1;
	b = 255;
	printf("%d %d %d\n", a == -1, b == 255, b > 0);
	printf("%d %d\n", a < 0, (int)a < (int)b);
	exit(0);
}
