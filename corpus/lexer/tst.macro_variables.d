/*
 * ASSERTION: Macro variables of the command's own process.
 *
 * SECTION: Scripting/Macro Variables
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d\n", $pid > 0, $ppid > 0, $pid != $ppid);
	printf("%d %d\n", $uid == $euid, $gid == $egid);
	exit(0);
}
