/*
 * ASSERTION: An action has no value to assign.
 *
 * SECTION: Actions and Subroutines
 */

BEGIN
{
	x = trace(1);
}
