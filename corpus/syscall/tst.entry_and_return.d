/*
 * ASSERTION: A world's processes enter system calls and leave them.
 *
 * SECTION: syscall Provider
 *
 * @@world: busy
 */

#pragma D option quiet

int entries, returns;

syscall:::entry
{
	entries++;
}

syscall:::return
{
	returns++;
}

tick-10ms
/entries > 20 && returns > 20/
{
	printf("%d\n", entries - returns < 100 && returns - entries < 100);
	exit(0);
}
