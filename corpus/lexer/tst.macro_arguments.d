/*
 * ASSERTION: $1 and its like stand for words of the command line.
 *
 * SECTION: Scripting/Macro Arguments
 *
 * @@options: 12 hello 0x20
 */

#pragma D option quiet

BEGIN
{
	printf("%d %s %s %d\n", $1 + 1, $$2, $$1, $3);
	exit(0);
}
