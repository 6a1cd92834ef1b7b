/*
 * ASSERTION: A name may contain digits and underscores.
 *
 * SECTION: Program Structure/Identifiers
 */

#pragma D option quiet

BEGIN
{
	_a = 1;
	a_1 = 2;
	A1b2 = 3;
	intx = 4;
	printf("%d %d %d %d\n", _a, a_1, A1b2, intx);
	exit(0);
}
