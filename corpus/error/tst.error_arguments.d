/*
 * ASSERTION: ERROR has the probe in arg1, the clause (from 0) in arg2, the
 * kind of the fault in arg4 and the address in arg5.
 *
 * SECTION: dtrace Provider/ERROR Probe
 */

#pragma D option quiet

ERROR
{
	printf("probe %d, clause %d, fault %d, address %x\n", arg1, arg2, arg4, arg5);
	exit(0);
}

BEGIN
{
	n = *(int *)0x40;
}
