/*
 * ASSERTION: An action has no value to cast.
 *
 * SECTION: Types, Operators, and Expressions/Type Conversions
 */

BEGIN
{
	(int)trace(1);
}
