/*
 * ASSERTION: The first assignment gives an undeclared variable its type.
 *
 * SECTION: Variables/Scalar Variables
 */

#pragma D option quiet

BEGIN
{
	i = 1;
	l = 1L;
	c = (char)1;
	u = (uint16_t)1;
	printf("%d %d %d %d\n", sizeof (i), sizeof (l), sizeof (c), sizeof (u));
	u = -1;
	printf("%d\n", u);
	exit(0);
}
