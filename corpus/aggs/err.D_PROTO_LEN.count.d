/*
 * ASSERTION: count() has no argument.
 *
 * SECTION: Aggregations
 */

BEGIN
{
	@a = count(1);
}
