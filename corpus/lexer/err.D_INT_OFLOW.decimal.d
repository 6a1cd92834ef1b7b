/*
 * ASSERTION: A literal that does not fit 64 bits is refused.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

BEGIN
{
	trace(123456789012345678901234567890);
}
