/*
 * ASSERTION: The statements of an if run where its condition is not 0.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

#pragma D option quiet

int n;

BEGIN
{
	if (n == 0) {
		printf("zero\n");
	}
	if (n) {
		printf("not zero\n");
	}
	n = 3;
	if (n)
		printf("three\n");
	exit(0);
}
