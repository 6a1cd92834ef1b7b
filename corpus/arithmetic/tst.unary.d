/*
 * ASSERTION: Unary minus, plus and complement of each width.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

int8_t a;
int16_t b;
int32_t c;
int64_t d;

BEGIN
{
	a = 100;
	b = 30000;
	c = 2000000000;
	d = 9000000000000000000;
	printf("%d %d %d %d\n", -a, -b, -c, -d);
	printf("%d %d %d %d\n", +a, +b, +c, +d);
	printf("%d %d %d %d\n", ~a, ~b, ~c, ~d);
	printf("%d %d\n", - -a, -(-b));
	exit(0);
}
