/*
 * ASSERTION: The usual pair: a thread-local time stamp from entry to return.
 *
 * SECTION: syscall Provider
 *
 * @@world: busy
 */

#pragma D option quiet

int n;

syscall::read:entry
{
	self->t = timestamp;
}

syscall::read:return
/self->t/
{
	@ = min((int64_t)(timestamp - self->t) > 0);
	self->t = 0;
	n++;
}

tick-10ms
/n >= 5/
{
	exit(0);
}
