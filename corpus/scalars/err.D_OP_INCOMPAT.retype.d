/*
 * ASSERTION: A variable keeps the type of its first assignment.
 *
 * SECTION: Variables/Scalar Variables
 */

BEGIN
{
	x = 1;
	x = "one";
}
