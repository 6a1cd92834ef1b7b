/*
 * ASSERTION: There is no such function.
 *
 * SECTION: Actions and Subroutines
 */

BEGIN
{
	nosuchfunction(1);
}
