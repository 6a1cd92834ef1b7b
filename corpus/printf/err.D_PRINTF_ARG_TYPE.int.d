/*
 * ASSERTION: %s takes no integer.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%s\n", 1);
}
