/*
 * ASSERTION: An integer has no members.
 *
 * SECTION: Types, Operators, and Expressions/Structure and Union Operators
 */

BEGIN
{
	x = 1;
	trace(x->y);
}
