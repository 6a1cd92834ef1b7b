/*
 * ASSERTION: trace() needs a value.
 *
 * SECTION: Actions and Subroutines/trace
 */

BEGIN
{
	trace((void)0);
}
