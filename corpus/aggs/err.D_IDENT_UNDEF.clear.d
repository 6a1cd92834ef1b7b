/*
 * ASSERTION: clear() takes an aggregation that the program feeds.
 *
 * SECTION: Aggregations/Clearing Aggregations
 */

BEGIN
{
	clear(@nothing);
}
