/*
 * ASSERTION: The argument of exit() is the command's exit status.
 *
 * SECTION: Actions and Subroutines/exit
 *
 * @@status: 42
 */

#pragma D option quiet

BEGIN
{
	exit(42);
}
