/*
 * ASSERTION: A string cannot be multiplied.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

BEGIN
{
	trace("a" * 2);
}
