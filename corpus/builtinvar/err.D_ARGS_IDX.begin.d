/*
 * ASSERTION: BEGIN has no typed arguments.
 *
 * SECTION: Variables/Built-in Variables
 */

BEGIN
{
	trace(args[0]);
}
