/*
 * ASSERTION: A tick's firings are its period apart.
 *
 * SECTION: profile Provider/tick-n Probes
 */

#pragma D option quiet

int n;

tick-20ms
/!n/
{
	first = timestamp;
}

tick-20ms
/n++ == 10/
{
	/* Ten periods in nanoseconds; the machine may be busy. */
	this->t = timestamp - first;
	printf("%d\n", this->t > 190000000 && this->t < 260000000);
	exit(0);
}
