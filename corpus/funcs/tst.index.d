/*
 * ASSERTION: index() and rindex(): where they start, and the empty string.
 *
 * SECTION: Actions and Subroutines/index()
 *
 * @@options: -xstrsize=64
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d\n", index("hello", "l"), index("hello", "l", 3), index("hello", "l", 4));
	printf("%d %d %d\n", index("hello", "", 2), index("hello", "", 6), index("hello", "l", -3));
}

BEGIN
{
	printf("%d %d %d\n", rindex("hello", "l"), rindex("hello", "l", 2), rindex("hello", "l", -1));
	printf("%d %d %d\n", rindex("hello", ""), rindex("hello", "", 3), rindex("hello", "h", 0));
	exit(0);
}
