/*
 * ASSERTION: 8 is not an octal digit.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

BEGIN
{
	trace(018);
}
