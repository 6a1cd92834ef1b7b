/*
 * ASSERTION: A quote in a character literal has a backslash before it.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 *
 * @@peer: keeps the backslash, and so has two characters
 */

#pragma D option quiet

BEGIN
{
	printf("%d\n", '\'');
	exit(0);
}
