/*
 * ASSERTION: A word of the command line may be a name.
 *
 * SECTION: Scripting/Macro Arguments
 *
 * @@options: probename BEGIN
 */

#pragma D option quiet

$2
{
	printf("%s\n", $1);
	exit(0);
}
