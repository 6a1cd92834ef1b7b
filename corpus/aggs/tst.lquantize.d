/*
 * ASSERTION: lquantize() has steps of one size, and a bucket on either side.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = lquantize(-1, 0, 50, 10);
	@ = lquantize(0, 0, 50, 10);
	@ = lquantize(9, 0, 50, 10);
	@ = lquantize(10, 0, 50, 10);
	@ = lquantize(49, 0, 50, 10);
	@ = lquantize(50, 0, 50, 10);
	@ = lquantize(1000, 0, 50, 10);
	exit(0);
}
