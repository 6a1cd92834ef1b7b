/*
 * ASSERTION: normalize() applies to every aggregating function.
 *
 * SECTION: Aggregations/Normalization
 */

#pragma D option quiet

BEGIN
{
	@c = count();
	@c = count();
	@s = sum(100);
	@lo = min(100);
	@hi = max(100);
	@av = avg(100);
	normalize(@c, 2);
	normalize(@s, 3);
	normalize(@lo, 3);
	normalize(@hi, 3);
	normalize(@av, 3);
	exit(0);
}
