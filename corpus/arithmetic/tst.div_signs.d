/*
 * ASSERTION: Signed division truncates towards zero and the remainder has the
 * sign of the dividend.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 *
 * @@peer: with variables, the sign of the divisor changes that of the remainder
 */

#pragma D option quiet

int n, d;

BEGIN
{
	n = 7;
	d = 2;
	printf("%d %d\n", n / d, n % d);
	printf("%d %d\n", -n / d, -n % d);
	printf("%d %d\n", n / -d, n % -d);
	printf("%d %d\n", -n / -d, -n % -d);
	exit(0);
}
