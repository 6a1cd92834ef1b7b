/*
 * ASSERTION: A built-in variable cannot be assigned to.
 *
 * SECTION: Variables/Built-in Variables
 */

BEGIN
{
	timestamp = 0;
}
