/*
 * ASSERTION: An else belongs to the nearest if.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

#pragma D option quiet

int a, b;

BEGIN
{
	a = 1;
	if (a)
		if (b)
			printf("both\n");
		else
			printf("only a\n");
	if (b) {
		if (a)
			printf("never\n");
	} else
		printf("not b\n");
	exit(0);
}
