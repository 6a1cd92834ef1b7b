/*
 * ASSERTION: llquantize() has the same buckets below zero.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = llquantize(-15, 10, 0, 2, 10);
	@ = llquantize(0, 10, 0, 2, 10);
	@ = llquantize(25, 10, 0, 2, 10);
	exit(0);
}
