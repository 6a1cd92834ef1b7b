/*
 * ASSERTION: A format has text.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("");
}
