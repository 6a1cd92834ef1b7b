/*
 * ASSERTION: The return probe has the result in arg0 and arg1, and errno where
 * it failed.
 *
 * SECTION: syscall Provider/Arguments
 *
 * @@world: busy
 */

#pragma D option quiet

syscall::read:return
/arg0 >= 0/
{
	printf("%d %d\n", arg0 == arg1, errno);
	exit(0);
}
