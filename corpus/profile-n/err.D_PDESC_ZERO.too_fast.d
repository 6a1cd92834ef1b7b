/*
 * ASSERTION: A period below 200 microseconds is refused.
 *
 * SECTION: profile Provider/profile-n Probes
 */

profile-1us
{
	exit(0);
}
