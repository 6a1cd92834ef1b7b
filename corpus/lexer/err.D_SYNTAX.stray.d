/*
 * ASSERTION: A character that means nothing in D is an error.
 *
 * SECTION: Program Structure
 */

BEGIN
{
	x = 1 # 2;
}
