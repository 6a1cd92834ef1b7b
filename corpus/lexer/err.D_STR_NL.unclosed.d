/*
 * ASSERTION: A string ends on the line on which it begins.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

BEGIN
{
	trace("abc
");
}
