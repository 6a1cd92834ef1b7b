/*
 * ASSERTION: A string has no bits to complement.
 *
 * SECTION: Types, Operators, and Expressions/Bitwise Operators
 */

BEGIN
{
	trace(~"a");
}
