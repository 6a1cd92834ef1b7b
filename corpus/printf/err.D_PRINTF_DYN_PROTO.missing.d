/*
 * ASSERTION: A width that is an argument is there.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%*d\n");
}
