/*
 * ASSERTION: The exit status may be computed; its low 8 bits count.
 *
 * SECTION: Actions and Subroutines/exit
 *
 * @@status: 7
 */

#pragma D option quiet

BEGIN
{
	n = 263;
	exit(n);
}
