/*
 * ASSERTION: quantize() sorts values into powers of two.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = quantize(0);
	@ = quantize(1);
	@ = quantize(2);
	@ = quantize(3);
	@ = quantize(4);
	@ = quantize(7);
	@ = quantize(8);
	@ = quantize(100);
	exit(0);
}
