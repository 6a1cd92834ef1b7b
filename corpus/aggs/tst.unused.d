/*
 * ASSERTION: An aggregation that no probe fed prints nothing.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@used = count();
	exit(0);
}

tick-1hour
{
	@unused = count();
}
