/*
 * ASSERTION: trace() of a string.
 *
 * SECTION: Actions and Subroutines/trace
 */

BEGIN
{
	trace("short");
	trace("a string that is longer than its column of 33 characters");
	trace(probename);
	exit(0);
}
