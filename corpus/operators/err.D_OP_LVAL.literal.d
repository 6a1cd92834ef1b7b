/*
 * ASSERTION: A literal cannot be assigned to.
 *
 * SECTION: Types, Operators, and Expressions/Assignment Operators
 */

BEGIN
{
	3 = 4;
}
