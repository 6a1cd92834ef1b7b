/*
 * ASSERTION: quantize() has the same buckets below zero.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = quantize(-1);
	@ = quantize(-2);
	@ = quantize(-3);
	@ = quantize(0);
	@ = quantize(5);
	exit(0);
}
