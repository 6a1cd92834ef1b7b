/*
 * ASSERTION: The message names the address that could not be read.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

BEGIN
{
	n = *(int *)0x1234;
	printf("never\n");
}

BEGIN
{
	exit(0);
}
