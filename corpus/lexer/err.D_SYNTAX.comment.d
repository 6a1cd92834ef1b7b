/*
 * ASSERTION: A comment ends before the file does.
 *
 * SECTION: Program Structure
 */

BEGIN
{
	exit(0);
}
/* no end
