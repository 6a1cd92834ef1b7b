/*
 * ASSERTION: There is no such unit of time.
 *
 * SECTION: profile Provider/profile-n Probes
 */

profile-10fortnight
{
	exit(0);
}
