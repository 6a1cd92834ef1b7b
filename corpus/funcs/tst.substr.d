/*
 * ASSERTION: substr(): starts and counts below 0, and beyond the string.
 *
 * SECTION: Actions and Subroutines/substr()
 */

#pragma D option quiet

BEGIN
{
	printf("[%s] [%s] [%s]\n", substr("hello", -3, 2), substr("hello", 1, -2), substr("hello", -10, 7));
	printf("[%s] [%s] [%s]\n", substr("hello", 5), substr("hello", -10), substr("hello", 1, -9));
}

BEGIN
{
	printf("[%s] [%s] [%s]\n", substr("hello", -4, -2), substr("hello", -10, 3), substr("hello", 2, 100));
	printf("[%s] [%s] [%s]\n", substr("hello", -10, -2), substr("hello", 2, 0), substr("hello", 0));
	exit(0);
}
