/*
 * ASSERTION: In BEGIN the process is dtrace itself.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d %d\n", pid == $pid, ppid == $ppid, uid == $uid, gid == $gid, tid > 0);
	exit(0);
}
