/*
 * ASSERTION: No more stack frames can be asked for than the kernel delivers.
 *
 * SECTION: Options and Tunables/ustackframes
 * @@options: -x ustackframes=128
 */


BEGIN
{
	trace(1);
	exit(0);
}
