/*
 * ASSERTION: A string cannot be summed.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = sum("text");
}
