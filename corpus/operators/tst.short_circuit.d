/*
 * ASSERTION: The right operand of && and || runs only where it decides; that
 * of ^^ always.
 *
 * SECTION: Types, Operators, and Expressions/Logical Operators
 */

#pragma D option quiet

int n, zero;

BEGIN
{
	zero && n++;
	printf("%d ", n);
	!zero || n++;
	printf("%d ", n);
	!zero && n++;
	printf("%d ", n);
	zero || n++;
	printf("%d ", n);
	zero ^^ n++;
	printf("%d\n", n);
	exit(0);
}
