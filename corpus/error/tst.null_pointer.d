/*
 * ASSERTION: Reading at address 0 is a fault.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

BEGIN
{
	n = *(int *)0;
	printf("never\n");
}

BEGIN
{
	exit(0);
}
