/*
 * ASSERTION: END prints a line of its own without quiet.
 *
 * SECTION: dtrace Provider/END Probe
 */

BEGIN
{
	exit(0);
}

END
{
	trace("bye");
}
