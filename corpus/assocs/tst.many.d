/*
 * ASSERTION: An array grows as it is used.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

int n, total;

tick-1ms
/n < 20/
{
	a[n] = n * n;
	total += a[n];
	n++;
}

tick-1ms
/n == 20/
{
	printf("%d %d %d\n", total, a[0], a[19]);
	exit(0);
}
