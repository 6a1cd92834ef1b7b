/*
 * ASSERTION: trace() needs an argument.
 *
 * SECTION: Actions and Subroutines/trace
 */

BEGIN
{
	trace();
}
