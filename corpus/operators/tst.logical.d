/*
 * ASSERTION: The logical operators give 0 or 1.
 *
 * SECTION: Types, Operators, and Expressions/Logical Operators
 */

#pragma D option quiet

int t, f;

BEGIN
{
	t = 7;
	f = 0;
	printf("%d %d %d %d\n", t && t, t && f, f && t, f && f);
	printf("%d %d %d %d\n", t || t, t || f, f || t, f || f);
	printf("%d %d %d %d\n", t ^^ t, t ^^ f, f ^^ t, f ^^ f);
	printf("%d %d %d\n", !t, !f, !!t);
	exit(0);
}
