/*
 * ASSERTION: What END adds to an aggregation is printed.
 *
 * SECTION: dtrace Provider/END Probe
 */

#pragma D option quiet

BEGIN
{
	@["begin"] = count();
	exit(0);
}

END
{
	@["end"] = count();
	@["end"] = count();
}
