/*
 * ASSERTION: normalize() takes an aggregation.
 *
 * SECTION: Aggregations/Normalization
 */

BEGIN
{
	x = 1;
	normalize(x, 1);
}
