/*
 * ASSERTION: A format without conversions is text.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("one");
	printf(" two\n");
	exit(0);
}
