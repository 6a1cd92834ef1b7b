/*
 * ASSERTION: quantize() takes the largest and the smallest number.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

int64_t v;

BEGIN
{
	v = 1;
	v <<= 63;
	@a = quantize(v);
	@b = quantize(v - 1);
	exit(0);
}
