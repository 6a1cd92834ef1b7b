/*
 * ASSERTION: An inline is evaluated where it is used.
 *
 * SECTION: Type and Constant Definitions/Inlines
 */

#pragma D option quiet

int n;
inline int base = 40;
inline int next = n + base;

BEGIN
{
	n = 2;
	printf("%d %d\n", base, next);
	n = 3;
	printf("%d\n", next);
	exit(0);
}
