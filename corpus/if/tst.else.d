/*
 * ASSERTION: One of the two branches runs.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

#pragma D option quiet

int n;

BEGIN
{
	if (n == 1) {
		printf("one\n");
	} else {
		printf("not one\n");
	}
	n = 1;
	if (n == 1)
		printf("one\n");
	else
		printf("not one\n");
	exit(0);
}
