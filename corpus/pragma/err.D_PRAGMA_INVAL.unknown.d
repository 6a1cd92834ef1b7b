/*
 * ASSERTION: There is no such pragma.
 *
 * SECTION: Program Structure
 */

#pragma D nonsense

BEGIN
{
	exit(0);
}
