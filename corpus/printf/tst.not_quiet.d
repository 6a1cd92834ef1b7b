/*
 * ASSERTION: Without quiet the text follows the columns of the probe.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("n is %d", 5);
	printf(", m is %d", 6);
	exit(0);
}
