/*
 * ASSERTION: After clear() counting goes on from zero.
 *
 * SECTION: Aggregations/Clearing Aggregations
 */

#pragma D option quiet

int n;

BEGIN
{
	@a["x"] = count();
	@a["x"] = count();
	printa("%@d\n", @a);
	clear(@a);
}

tick-100ms
{
	n++;
	@a["x"] = count();
}

tick-100ms
/n == 3/
{
	printa("%@d\n", @a);
	exit(0);
}
