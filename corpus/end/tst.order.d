/*
 * ASSERTION: All clauses of END run, in order.
 *
 * SECTION: dtrace Provider/END Probe
 */

#pragma D option quiet

END
{
	printf("1");
}

BEGIN
{
	exit(0);
}

END
{
	printf("2");
}

dtrace:::END
{
	printf("3\n");
}
