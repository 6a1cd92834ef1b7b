/*
 * ASSERTION: The step of lquantize() is 1 unless given.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = lquantize(-3, -4, 4);
	@ = lquantize(0, -4, 4);
	@ = lquantize(0, -4, 4);
	@ = lquantize(3, -4, 4);
	exit(0);
}
