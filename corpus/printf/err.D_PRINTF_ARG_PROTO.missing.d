/*
 * ASSERTION: Every conversion has an argument.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%d %d\n", 1);
}
