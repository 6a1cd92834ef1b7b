/*
 * ASSERTION: An aggregation alone is not a statement.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = count();
	@a;
}
