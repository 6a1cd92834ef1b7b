/*
 * ASSERTION: sum() adds, negative numbers too.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@a = sum(10);
	@a = sum(-3);
	@b["x"] = sum(-5);
	@b["y"] = sum(2147483647);
	@b["y"] = sum(2147483647);
	exit(0);
}
