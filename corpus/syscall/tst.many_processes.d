/*
 * ASSERTION: More than one process is at work in the world.
 *
 * SECTION: syscall Provider
 *
 * @@world: busy
 */

#pragma D option quiet

int n;

syscall:::entry
/!seen[execname]/
{
	seen[execname] = 1;
	n++;
}

tick-10ms
/n > 1/
{
	printf("several\n");
	exit(0);
}
