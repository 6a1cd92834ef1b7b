/*
 * ASSERTION: trace() takes any expression.
 *
 * SECTION: Actions and Subroutines/trace
 */

#pragma D option quiet

BEGIN
{
	n = 20;
	trace(n * 2 + (n > 10 ? 2 : 0));
	trace("\n");
	exit(0);
}
