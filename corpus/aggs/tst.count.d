/*
 * ASSERTION: count() counts.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@ = count();
	@ = count();
	@ = count();
	exit(0);
}
