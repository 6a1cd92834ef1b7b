/*
 * ASSERTION: llquantize() has linear steps in logarithmic magnitudes.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = llquantize(5, 10, 0, 3, 10);
	@ = llquantize(15, 10, 0, 3, 10);
	@ = llquantize(150, 10, 0, 3, 10);
	@ = llquantize(155, 10, 0, 3, 10);
	@ = llquantize(9999, 10, 0, 3, 10);
	@ = llquantize(10000, 10, 0, 3, 10);
	exit(0);
}
