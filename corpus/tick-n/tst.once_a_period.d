/*
 * ASSERTION: A slow tick has not fired when a fast one ends the program.
 *
 * SECTION: profile Provider/tick-n Probes
 */

#pragma D option quiet

int fast, slow;

tick-10ms
{
	fast++;
}

tick-1hour
{
	slow++;
}

tick-10ms
/fast == 5/
{
	printf("%d %d\n", fast, slow);
	exit(0);
}
