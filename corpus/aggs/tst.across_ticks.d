/*
 * ASSERTION: Values of all firings come together.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

int n;

tick-1ms
/n < 10/
{
	@c = count();
	@s = sum(n);
	@hi = max(n);
	@av = avg(n);
	n++;
}

tick-1ms
/n == 10/
{
	exit(0);
}
