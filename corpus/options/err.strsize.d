/*
 * ASSERTION: A string has room for one character and its NUL at least.
 *
 * SECTION: Options and Tunables/strsize
 * @@options: -x strsize=1
 */


BEGIN
{
	trace("");
	exit(0);
}
