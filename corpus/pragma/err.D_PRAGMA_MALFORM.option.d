/*
 * ASSERTION: An option pragma names an option.
 *
 * SECTION: Program Structure
 */

#pragma D option

BEGIN
{
	exit(0);
}
