/*
 * ASSERTION: More than scratchsize at once.
 *
 * SECTION: Actions and Subroutines/alloca()
 */

#pragma D option quiet

BEGIN
{
	this->p = alloca(257);
	exit(0);
}
