/*
 * ASSERTION: A word that the command line lacks is an error.
 *
 * SECTION: Scripting/Macro Arguments
 */

BEGIN
{
	trace($1);
}
