/*
 * ASSERTION: Options may come from the command line.
 *
 * SECTION: Options and Tunables
 *
 * @@options: -q -xstrsize=10
 */

BEGIN
{
	printf("%d\n", sizeof (string));
	exit(0);
}
