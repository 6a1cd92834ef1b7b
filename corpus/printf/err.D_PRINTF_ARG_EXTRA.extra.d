/*
 * ASSERTION: Every argument has a conversion.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%d\n", 1, 2);
}
