/*
 * ASSERTION: With the option defaultargs a missing word is 0 or the empty
 * string.
 *
 * SECTION: Scripting/Macro Arguments
 */

#pragma D option quiet
#pragma D option defaultargs

BEGIN
{
	printf("[%d] [%s]\n", $1, $$2);
	exit(0);
}
