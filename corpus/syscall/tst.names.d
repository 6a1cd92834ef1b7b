/*
 * ASSERTION: The function part of a system call probe is the call's name, and
 * the module part is vmlinux.
 *
 * SECTION: syscall Provider
 *
 * @@world: busy
 */

#pragma D option quiet

syscall::read:entry
{
	printf("%s:%s:%s:%s\n", probeprov, probemod, probefunc, probename);
	exit(0);
}
