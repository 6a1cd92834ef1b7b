/*
 * ASSERTION: An associative array keeps a value for each integer key.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

BEGIN
{
	a[1] = 10;
	a[2] = 20;
	a[-1] = 30;
	printf("%d %d %d\n", a[1], a[2], a[-1]);
	a[1] += a[2];
	printf("%d %d\n", a[1], a[1 + 1]);
	exit(0);
}
