/*
 * ASSERTION: Keys of several parts print in columns.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@["one", 1, 'a'] = count();
	@["two", 2, 'b'] = count();
	@["two", 2, 'b'] = count();
	@s[3, "three"] = sum(3);
	exit(0);
}
