/*
 * ASSERTION: vtimestamp is not implemented, and the message says so.
 *
 * SECTION: Variables/Built-in Variables
 */

BEGIN
{
	trace(vtimestamp);
}
