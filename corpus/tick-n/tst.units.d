/*
 * ASSERTION: The units of time of a tick probe, by their names.
 *
 * SECTION: profile Provider/tick-n Probes
 */

#pragma D option quiet

BEGIN
{
	n = 0;
}

tick-5000us,
tick-5ms,
tick-5msec,
tick-5000000ns,
tick-200hz,
tick-200
/!seen[probename]/
{
	seen[probename] = 1;
	n++;
}

tick-10ms
/n == 6/
{
	printf("%d\n", n);
	exit(0);
}
