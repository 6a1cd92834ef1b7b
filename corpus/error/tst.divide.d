/*
 * ASSERTION: Division by zero at run time ends the clause with a message and
 * takes back what the clause recorded; tracing goes on.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

int zero;

BEGIN
{
	printf("before\n");
	n = 1 / zero;
	printf("never\n");
}

BEGIN
{
	printf("next clause\n");
	exit(0);
}
