/*
 * ASSERTION: The six comparisons of strings go byte by byte.
 *
 * SECTION: Types, Operators, and Expressions/Relational Operators
 */

#pragma D option quiet

string a, b, c;

BEGIN
{
	a = "apple";
	b = "apples";
	c = "Apple";
	printf("%d %d %d %d %d %d\n", a == b, a != b, a < b, a <= b, a > b, a >= b);
	printf("%d %d %d %d %d %d\n", a == c, a != c, a < c, a <= c, a > c, a >= c);
	printf("%d %d %d %d\n", a == "apple", "apple" == a, a == "", "" < a);
	exit(0);
}
