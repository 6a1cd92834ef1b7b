/*
 * ASSERTION: sizeof knows types and expressions, which it does not evaluate.
 *
 * SECTION: Types, Operators, and Expressions/Data Types and Sizes
 */

#pragma D option quiet

int n;

BEGIN
{
	printf("%d %d %d %d %d\n", sizeof (char), sizeof (short), sizeof (int),
	    sizeof (long), sizeof (long long));
	printf("%d %d %d %d\n", sizeof (int8_t), sizeof (uint16_t), sizeof (int32_t),
	    sizeof (uint64_t));
	printf("%d %d %d\n", sizeof (void *), sizeof (n), sizeof (n++));
	printf("%d %d\n", n, sizeof n);
	exit(0);
}
