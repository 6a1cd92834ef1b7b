/*
 * ASSERTION: A character literal has at most 8 bytes.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

BEGIN
{
	trace('123456789');
}
