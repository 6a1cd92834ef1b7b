/*
 * ASSERTION: Character literals and their escapes.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d\n", 'a', '\n', '\\', '"');
	printf("%d %d %d %d\n", '\0', '\101', '\x41', '\t');
	printf("%x %x\n", 'ab', 'abcd');
	exit(0);
}
