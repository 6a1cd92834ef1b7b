/*
 * ASSERTION: A word that is a number must fit 64 bits.
 *
 * SECTION: Scripting/Macro Arguments
 *
 * @@options: 123456789012345678901234567890
 */

BEGIN
{
	trace($1);
}
