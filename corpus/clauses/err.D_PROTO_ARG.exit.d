/*
 * ASSERTION: The status is a number.
 *
 * SECTION: Actions and Subroutines/exit
 */

BEGIN
{
	exit("zero");
}
