/*
 * ASSERTION: The bitwise operators work on all 64 bits.
 *
 * SECTION: Types, Operators, and Expressions/Bitwise Operators
 */

#pragma D option quiet

uint64_t a, b;

BEGIN
{
	a = 0xff00ff00ff00ff00;
	b = 0x0ff00ff00ff00ff0;
	printf("%x %x %x %x\n", a & b, a | b, a ^ b, ~a);
	printf("%d %d\n", ~0, ~(-1));
	exit(0);
}
