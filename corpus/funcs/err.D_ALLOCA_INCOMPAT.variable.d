/*
 * ASSERTION: A variable holds alloca()'s pointers or others.
 *
 * SECTION: Actions and Subroutines/variable()
 */

#pragma D option quiet

BEGIN
{
	p = (char *)alloca(1);
	p = (char *)1;
	exit(0);
}
