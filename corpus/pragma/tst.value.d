/*
 * ASSERTION: An option with a value.
 *
 * SECTION: Options and Tunables
 */

#pragma D option quiet
#pragma D option strsize=6

BEGIN
{
	printf("%d\n", sizeof (string));
	exit(0);
}
