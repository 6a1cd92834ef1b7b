/*
 * ASSERTION: A key may have several parts of different types.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

BEGIN
{
	a[1, "x", 'c'] = 1;
	a[1, "x", 'd'] = 2;
	a[1, "y", 'c'] = 3;
	a[2, "x", 'c'] = 4;
	printf("%d %d %d %d\n", a[1, "x", 'c'], a[1, "x", 'd'], a[1, "y", 'c'], a[2, "x", 'c']);
	printf("%d\n", a[2, "y", 'd']);
	exit(0);
}
