/*
 * ASSERTION: In quiet mode trace() prints a string bare.
 *
 * SECTION: Actions and Subroutines/trace
 */

#pragma D option quiet

BEGIN
{
	trace("a");
	trace("b");
	trace(probename);
	trace("\n");
	exit(0);
}
