/*
 * ASSERTION: Without quiet the command says how many probes a script matched.
 *
 * SECTION: dtrace Utility
 */

BEGIN,
END
{
	trace(probename);
}

BEGIN
{
	exit(0);
}
