/*
 * ASSERTION: A missing element reads as 0 and is not created by reading.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

int a[int];
string s[int];

BEGIN
{
	printf("%d\n", a[5]);
	a[5]++;
	printf("%d %d\n", a[5], a[6]);
	exit(0);
}
