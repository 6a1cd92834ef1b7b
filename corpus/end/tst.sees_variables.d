/*
 * ASSERTION: END sees what the other probes left.
 *
 * SECTION: dtrace Provider/END Probe
 */

#pragma D option quiet

BEGIN
{
	n = 6;
	s = "seven";
	exit(0);
}

END
{
	printf("%d %s\n", n, s);
}
