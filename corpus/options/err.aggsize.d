/*
 * ASSERTION: An aggsize that holds no entry of an aggregation is refused.
 *
 * SECTION: Options and Tunables/aggsize
 */

#pragma D option aggsize=8

BEGIN
{
	@ = count();
	exit(0);
}
