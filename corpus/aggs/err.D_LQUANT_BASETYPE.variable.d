/*
 * ASSERTION: The base of lquantize() is a constant.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	x = 0;
	@a = lquantize(1, x, 10, 1);
}
