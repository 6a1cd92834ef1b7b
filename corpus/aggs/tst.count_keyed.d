/*
 * ASSERTION: count() keeps one value per key; keys print in order of value.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@["b"] = count();
	@["a"] = count();
	@["b"] = count();
	exit(0);
}
