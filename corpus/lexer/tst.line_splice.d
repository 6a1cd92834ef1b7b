/*
 * ASSERTION: A backslash at the end of a line joins it to the next.
 *
 * SECTION: Program Structure
 */

#pragma D option quiet

BEGIN
{
	n = 1 + \
	    2;
	printf("%d\n", n);
	exit(0);
}
