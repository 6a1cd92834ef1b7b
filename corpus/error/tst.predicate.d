/*
 * ASSERTION: A fault in a predicate keeps the clause from running.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

int zero;

BEGIN
/1 / zero/
{
	printf("never\n");
}

BEGIN
{
	exit(0);
}
