/*
 * ASSERTION: An expression is a statement, whether or not it has an effect.
 *
 * SECTION: Program Structure/Actions
 */

#pragma D option quiet

BEGIN
{
	1 + 1;
	"text";
	n = 2;
	n;
	n == 2 && n++;
	printf("%d\n", n);
	exit(0);
}
