/*
 * ASSERTION: The names of an enumeration are integer constants.
 *
 * SECTION: Type and Constant Definitions
 */

#pragma D option quiet

enum colour { RED, GREEN = 10, BLUE };

enum colour c;

BEGIN
{
	c = BLUE;
	printf("%d %d %d %d\n", RED, GREEN, BLUE, c);
	printf("%d\n", c == BLUE);
	exit(0);
}
