/*
 * ASSERTION: All uses of an aggregation have keys of the same types.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a[1] = count();
	@a["one"] = count();
}
