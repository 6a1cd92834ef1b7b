/*
 * ASSERTION: Variables assigned in a branch keep their value after it.
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
		this->a = 5;
		self->b = "set";
		c[n] = 6;
	}
	printf("%d %s %d\n", this->a, self->b, c[0]);
	exit(0);
}
