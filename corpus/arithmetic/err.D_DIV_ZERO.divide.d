/*
 * ASSERTION: Division by a constant 0 is refused.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

BEGIN
{
	trace(1 / 0);
}
