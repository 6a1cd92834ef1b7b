/*
 * ASSERTION: Division of constants gives what division of variables gives.
 *
 * SECTION: Types, Operators, and Expressions/Arithmetic Operators
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d\n", 7 / 2, 7 % 2);
	printf("%d %d\n", -7 / 2, -7 % 2);
	printf("%d %d\n", 7 / -2, 7 % -2);
	printf("%d %d\n", -7 / -2, -7 % -2);
	exit(0);
}
