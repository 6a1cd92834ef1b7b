/*
 * ASSERTION: %d takes no string.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%d\n", "one");
}
