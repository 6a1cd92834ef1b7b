/*
 * ASSERTION: Division of unsigned values takes the top bit as value, not as
 * sign.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

uint64_t n, d;

BEGIN
{
	n = 0xfffffffffffffff9;
	d = 10;
	printf("%u %u\n", n / d, n % d);
	printf("%d\n", (int64_t)n / (int64_t)d);
	exit(0);
}
