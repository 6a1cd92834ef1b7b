/*
 * ASSERTION: Only an aggregating function can be assigned to an aggregation.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = 1;
}
