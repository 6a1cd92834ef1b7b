/*
 * ASSERTION: trunc() with a positive number keeps that many of the largest
 * values.
 *
 * SECTION: Aggregations/Truncating Aggregations
 */

#pragma D option quiet

BEGIN
{
	@["a"] = sum(1);
	@["b"] = sum(2);
	@["c"] = sum(3);
	@["d"] = sum(4);
	trunc(@, 2);
	exit(0);
}
