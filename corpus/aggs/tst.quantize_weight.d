/*
 * ASSERTION: The second argument of quantize() is what a value counts.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = quantize(4, 10);
	@ = quantize(16, 30);
	@ = quantize(16);
	exit(0);
}
