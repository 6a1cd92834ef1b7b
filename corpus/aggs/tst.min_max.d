/*
 * ASSERTION: min() and max() compare with sign.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@lo = min(5);
	@lo = min(-7);
	@lo = min(3);
	@hi = max(-5);
	@hi = max(-9);
	@hi2 = max(-5);
	@hi2 = max(8);
	exit(0);
}
