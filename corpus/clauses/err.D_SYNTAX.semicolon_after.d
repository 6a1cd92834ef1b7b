/*
 * ASSERTION: A semicolon does not follow a clause.
 *
 * SECTION: Program Structure
 */

BEGIN
{
	exit(0);
};
