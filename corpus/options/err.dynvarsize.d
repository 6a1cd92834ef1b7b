/*
 * ASSERTION: A dynvarsize that holds no variable is refused.
 *
 * SECTION: Options and Tunables/dynvarsize
 */

#pragma D option dynvarsize=1

BEGIN
{
	self->x = 1;
	exit(0);
}
