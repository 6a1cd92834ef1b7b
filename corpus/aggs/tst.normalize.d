/*
 * ASSERTION: normalize() divides what is printed, and denormalize() undoes it.
 *
 * SECTION: Aggregations/Normalization
 */

#pragma D option quiet

BEGIN
{
	@a["x"] = sum(100);
	@a["y"] = sum(250);
	normalize(@a, 10);
	printa(@a);
	denormalize(@a);
	printa(@a);
	normalize(@a, 100);
	exit(0);
}
