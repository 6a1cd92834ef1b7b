/*
 * ASSERTION: Each key has a histogram of its own.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@["small"] = quantize(1);
	@["small"] = quantize(2);
	@["large"] = quantize(1000);
	exit(0);
}
