/*
 * ASSERTION: clear() puts values back to zero and keeps the keys.
 *
 * SECTION: Aggregations/Clearing Aggregations
 */

#pragma D option quiet

BEGIN
{
	@a["x"] = count();
	@a["y"] = count();
	@s = sum(4);
	clear(@a);
	clear(@s);
	exit(0);
}
