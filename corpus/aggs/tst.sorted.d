/*
 * ASSERTION: Keys print in order of value, then of key.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@["d"] = sum(3);
	@["c"] = sum(-1);
	@["b"] = sum(3);
	@["a"] = sum(7);
	@["e"] = sum(0);
	exit(0);
}
