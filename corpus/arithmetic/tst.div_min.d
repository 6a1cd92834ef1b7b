/*
 * ASSERTION: The most negative number can be divided; by -1 it wraps.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

int64_t n, d;

BEGIN
{
	n = 1;
	n <<= 63;
	d = 3;
	printf("%d %d\n", n / d, n % d);
	d = -1;
	printf("%d %d\n", n / d, n % d);
	exit(0);
}
