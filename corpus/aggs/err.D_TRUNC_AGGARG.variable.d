/*
 * ASSERTION: trunc() takes an aggregation.
 *
 * SECTION: Aggregations/Truncating Aggregations
 */

BEGIN
{
	x = 1;
	trunc(x, 1);
}
