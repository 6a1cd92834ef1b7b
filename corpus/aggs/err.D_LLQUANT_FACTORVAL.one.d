/*
 * ASSERTION: The factor of llquantize() is at least 2.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = llquantize(1, 1, 0, 3, 10);
}
