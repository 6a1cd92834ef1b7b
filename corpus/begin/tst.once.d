/*
 * ASSERTION: BEGIN fires once, before anything else.
 *
 * SECTION: dtrace Provider/BEGIN Probe
 */

#pragma D option quiet

int n, ticks;

BEGIN
{
	n++;
	printf("BEGIN %d after %d ticks\n", n, ticks);
}

tick-1ms
{
	ticks++;
}

tick-1ms
/ticks == 5/
{
	printf("BEGIN %d\n", n);
	exit(0);
}
