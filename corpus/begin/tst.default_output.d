/*
 * ASSERTION: Without quiet there is a heading, and a line for each clause that
 * records something.
 *
 * SECTION: dtrace Utility
 */

BEGIN
{
	trace("text");
}

BEGIN
{
	x = 1;
}

BEGIN
{
	trace(x);
	exit(0);
}
