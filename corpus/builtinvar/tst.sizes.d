/*
 * ASSERTION: The widths of the built-in variables.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d %d\n", sizeof (pid), sizeof (tid), sizeof (uid), sizeof (arg0),
	    sizeof (timestamp));
	printf("%d %d %d\n", sizeof (walltimestamp), sizeof (errno), sizeof (id));
	exit(0);
}
