/*
 * ASSERTION: #error stops the compiler.
 *
 * SECTION: Program Structure
 */

#error this is the end

BEGIN
{
	exit(0);
}
