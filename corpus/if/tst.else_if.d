/*
 * ASSERTION: A chain of else if runs its first true branch only.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

#pragma D option quiet

int n;

tick-1ms
{
	if (n == 0) {
		printf("zero\n");
	} else if (n < 2) {
		printf("below two\n");
	} else if (n < 3) {
		printf("below three\n");
	} else {
		printf("more\n");
		exit(0);
	}
	n++;
}
