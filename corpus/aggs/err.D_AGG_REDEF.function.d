/*
 * ASSERTION: An aggregation has one function.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = count();
	@a = sum(1);
}
