/*
 * ASSERTION: A width that is an argument is an integer.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%*d\n", "five", 1);
}
