/*
 * ASSERTION: walltimestamp counts from 1970 and moves as timestamp does.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	/* 2020-01-01 00:00:00 UTC */
	printf("%d\n", walltimestamp > 1577836800000000000);
	w = walltimestamp;
	t = timestamp;
}

tick-20ms
{
	d = (int64_t)(walltimestamp - w) - (int64_t)(timestamp - t);
	printf("%d\n", d > -5000000 && d < 5000000);
	exit(0);
}
