/*
 * ASSERTION: The status given to the first exit() stays when END runs.
 *
 * SECTION: dtrace Provider/END Probe
 *
 * @@status: 3
 */

#pragma D option quiet

BEGIN
{
	exit(3);
}

END
{
	printf("end\n");
}
