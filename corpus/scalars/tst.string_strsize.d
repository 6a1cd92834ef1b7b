/*
 * ASSERTION: A string is cut at strsize, its end included.
 *
 * SECTION: Options and Tunables
 */

#pragma D option quiet
#pragma D option strsize=8

BEGIN
{
	s = "0123456789";
	printf("[%s] %d\n", s, sizeof (s));
	exit(0);
}
