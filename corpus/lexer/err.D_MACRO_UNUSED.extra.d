/*
 * ASSERTION: A word that the program does not use is an error.
 *
 * SECTION: Scripting/Macro Arguments
 *
 * @@options: 1 2
 */

BEGIN
{
	trace($1);
}
