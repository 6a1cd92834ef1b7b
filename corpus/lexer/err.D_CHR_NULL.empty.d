/*
 * ASSERTION: A character literal is not empty.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

BEGIN
{
	trace('');
}
