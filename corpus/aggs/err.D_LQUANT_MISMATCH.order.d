/*
 * ASSERTION: The base of lquantize() lies below its limit.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = lquantize(1, 10, 0, 1);
}
