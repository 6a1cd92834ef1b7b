/*
 * ASSERTION: An expression cannot be incremented.
 *
 * SECTION: Types, Operators, and Expressions/Increment and Decrement Operators
 */

BEGIN
{
	x = 1;
	(x + 1)++;
}
