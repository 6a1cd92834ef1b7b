/*
 * ASSERTION: The remainder of a division by a constant 0 is refused.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

BEGIN
{
	trace(7 % (3 - 3));
}
