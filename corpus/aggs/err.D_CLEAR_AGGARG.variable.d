/*
 * ASSERTION: clear() takes an aggregation.
 *
 * SECTION: Aggregations/Clearing Aggregations
 */

BEGIN
{
	x = 1;
	clear(x);
}
