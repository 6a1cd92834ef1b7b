/*
 * ASSERTION: At the end aggregations print in the order in which the program
 * names them.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@z = count();
	@a = count();
	@m["k"] = count();
	exit(0);
}
