/*
 * ASSERTION: A bufsize that holds no record is refused.
 *
 * SECTION: Options and Tunables/bufsize
 */

#pragma D option bufsize=0

BEGIN
{
	trace(1);
	exit(0);
}
