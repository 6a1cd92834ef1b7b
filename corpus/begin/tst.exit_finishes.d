/*
 * ASSERTION: The clause of exit() runs to its end; later clauses of that
 * firing do not run.
 *
 * SECTION: Actions and Subroutines/exit
 */

#pragma D option quiet

BEGIN
{
	printf("one\n");
	exit(0);
	printf("two\n");
}

BEGIN
{
	printf("three\n");
}
