/*
 * ASSERTION: There is no such system call.
 *
 * SECTION: syscall Provider
 */

syscall::nosuchcall:entry
{
	exit(0);
}
