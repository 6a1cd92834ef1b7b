/*
 * ASSERTION: A probe can be named by one, two, three or four parts.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

#pragma D option quiet

BEGIN
{
	n++;
}

:BEGIN
{
	n++;
}

::BEGIN
{
	n++;
}

dtrace:::BEGIN
{
	n++;
}

dtrace:::BEGIN
{
	printf("%d\n", n);
	exit(0);
}
