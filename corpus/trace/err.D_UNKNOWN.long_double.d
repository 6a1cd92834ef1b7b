/*
 * ASSERTION: A long double cannot be used: no register holds it.
 *
 * SECTION: Types, Operators, and Expressions/Data Types and Sizes
 * @@peer: fails an assertion of its own
 */

long double wide;

BEGIN
{
	trace(wide);
}
