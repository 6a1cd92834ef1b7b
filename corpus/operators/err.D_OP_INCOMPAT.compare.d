/*
 * ASSERTION: A string and an integer cannot be compared.
 *
 * SECTION: Types, Operators, and Expressions/Relational Operators
 */

BEGIN
{
	trace("a" == 1);
}
