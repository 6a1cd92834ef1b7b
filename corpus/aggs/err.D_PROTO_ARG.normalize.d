/*
 * ASSERTION: The divisor of normalize() is a number.
 *
 * SECTION: Aggregations/Normalization
 */

BEGIN
{
	@a = count();
	normalize(@a, "ten");
}
