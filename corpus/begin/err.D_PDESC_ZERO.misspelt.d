/*
 * ASSERTION: There is no probe of that name.
 *
 * SECTION: dtrace Provider/BEGIN Probe
 */

dtrace:::BEGIM
{
	exit(0);
}
