/*
 * ASSERTION: avg() is the sum divided by the count, truncated.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@a = avg(10);
	@a = avg(11);
	@a = avg(13);
	@b = avg(-10);
	@b = avg(-11);
	exit(0);
}
