/*
 * ASSERTION: exit() needs a status.
 *
 * SECTION: Actions and Subroutines/exit
 */

BEGIN
{
	exit();
}
