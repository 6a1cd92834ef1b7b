/*
 * ASSERTION: String literals and their escapes.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

#pragma D option quiet

BEGIN
{
	printf("%s\n", "tab\there");
	printf("%s\n", "quote \" backslash \\");
	printf("%s\n", "\x41\102C");
	printf("%s\n", "it's");
	exit(0);
}
