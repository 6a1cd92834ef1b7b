/*
 * ASSERTION: With -Z a description may match nothing.
 *
 * SECTION: dtrace Utility
 *
 * @@options: -Z
 */

#pragma D option quiet

dtrace:::NOTHING
{
	printf("never\n");
}

BEGIN
{
	exit(0);
}
