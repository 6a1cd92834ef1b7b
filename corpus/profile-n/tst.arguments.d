/*
 * ASSERTION: A profile probe says where it interrupted: one of kernel and user
 * addresses is 0.
 *
 * SECTION: profile Provider/Probe Arguments
 */

#pragma D option quiet

int n;

profile-197
{
	@ = min(arg0 == 0 ^^ arg1 == 0);
	n++;
}

profile-197
/n == 5/
{
	exit(0);
}
