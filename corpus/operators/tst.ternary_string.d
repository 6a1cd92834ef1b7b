/*
 * ASSERTION: The branches of ?: may be strings.
 *
 * SECTION: Types, Operators, and Expressions/Conditional Expressions
 */

#pragma D option quiet

int a;

BEGIN
{
	printf("%s %s\n", a ? "yes" : "no", !a ? "yes" : "no");
	s = a == 0 ? "zero" : "other";
	printf("%s\n", s);
	exit(0);
}
