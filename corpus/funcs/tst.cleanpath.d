/*
 * ASSERTION: cleanpath(): absolute and relative paths.
 *
 * SECTION: Actions and Subroutines/cleanpath()
 *
 * @@options: -xstrsize=64
 */

#pragma D option quiet

BEGIN
{
	printf("[%s] [%s]\n", cleanpath("/a/./b/../c//d"), cleanpath("/../x"));
}

BEGIN
{
	printf("[%s] [%s]\n", cleanpath("a/../../b"), cleanpath("a/.."));
	exit(0);
}
