/*
 * ASSERTION: Signed division truncates towards zero.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

int n, d;

BEGIN
{
	n = 7;
	d = 2;
	printf("%d %d\n", n / d, n % d);
	printf("%d %d\n", -n / d, -n % d);
	printf("%d %d\n", n / -d, -n / -d);
	exit(0);
}
