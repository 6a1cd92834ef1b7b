/*
 * ASSERTION: All uses of an lquantize() aggregation have the same parameters.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = lquantize(1, 0, 10, 1);
	@a = lquantize(1, 0, 10, 2);
}
