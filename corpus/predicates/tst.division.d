/*
 * ASSERTION: A slash inside parentheses, or before an operand, divides.
 *
 * SECTION: Program Structure/Predicates
 */

#pragma D option quiet

int n;

BEGIN
{
	n = 8;
}

BEGIN
/n / 4 == 2/
{
	printf("plain\n");
}

BEGIN
/(n / 4) == 2 && (n / 2 / 2) == 2/
{
	printf("parentheses\n");
	exit(0);
}
