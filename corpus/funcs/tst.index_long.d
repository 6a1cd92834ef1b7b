/*
 * ASSERTION: index(): a part of more than 8 bytes after one that only begins like it.
 *
 * SECTION: Actions and Subroutines/index_long()
 *
 * @@options: -xstrsize=64
 */

#pragma D option quiet

BEGIN
{
	printf("%d\n", index("0123456789 0123456789A 0123456789AB", "0123456789AB"));
	printf("%d\n", rindex("0123456789AB 0123456789A 0123456789", "0123456789AB"));
	exit(0);
}
