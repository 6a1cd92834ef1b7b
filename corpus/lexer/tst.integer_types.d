/*
 * ASSERTION: A literal has the first type that holds it, or the one its suffix
 * says.
 *
 * SECTION: Types, Operators, and Expressions/Constants
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d\n", sizeof (1), sizeof (2147483648), sizeof (0xffffffff));
	printf("%d %d %d %d\n", sizeof (1u), sizeof (1l), sizeof (1ul), sizeof (1LL));
	printf("%d %d\n", 0xffffffff > -1, 1u > -1);
	exit(0);
}
