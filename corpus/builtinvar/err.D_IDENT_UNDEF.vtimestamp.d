/*
 * ASSERTION: vtimestamp is not implemented, and the message says so.
 *
 * SECTION: Variables/Built-in Variables
 *
 * @@peer: names the line of the clause, not of the variable
 */

BEGIN
{
	trace(vtimestamp);
}
