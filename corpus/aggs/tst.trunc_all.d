/*
 * ASSERTION: trunc() without a number takes all keys away.
 *
 * SECTION: Aggregations/Truncating Aggregations
 */

#pragma D option quiet

BEGIN
{
	@a["x"] = count();
	@b["y"] = count();
	trunc(@a);
	exit(0);
}
