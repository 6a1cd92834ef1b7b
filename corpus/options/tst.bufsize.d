/*
 * ASSERTION: A buffer is a power of two of pages; that it is larger than asked for is said.
 *
 * SECTION: Options and Tunables/bufsize
 * @@options: -x bufsize=5000
 */


BEGIN
{
	trace(1);
	exit(0);
}
