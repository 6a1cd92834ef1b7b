/*
 * ASSERTION: A format is a constant.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	f = "%d\n";
	printf(f, 1);
}
