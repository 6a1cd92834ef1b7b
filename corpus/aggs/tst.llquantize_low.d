/*
 * ASSERTION: Below the lowest magnitude llquantize() has one bucket.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = llquantize(7, 10, 2, 3, 20);
	@ = llquantize(120, 10, 2, 3, 20);
	@ = llquantize(5555, 10, 2, 3, 20);
	exit(0);
}
