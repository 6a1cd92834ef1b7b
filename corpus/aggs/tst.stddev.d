/*
 * ASSERTION: stddev() is the deviation of the population.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@a = stddev(2);
	@a = stddev(4);
	@a = stddev(4);
	@a = stddev(4);
	@a = stddev(5);
	@a = stddev(5);
	@a = stddev(7);
	@a = stddev(9);
	@b = stddev(1000000000);
	@b = stddev(-1000000000);
	exit(0);
}
