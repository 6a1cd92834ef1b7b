/*
 * ASSERTION: In quiet mode trace() prints an integer bare.
 *
 * SECTION: Actions and Subroutines/trace
 */

#pragma D option quiet

BEGIN
{
	trace(1);
	trace(-1);
	trace((char)65);
	trace((uint64_t)-1);
	trace("\n");
	exit(0);
}
