/*
 * ASSERTION: profile-n fires on its own.
 *
 * SECTION: profile Provider/profile-n Probes
 */

#pragma D option quiet

int n;

profile-97
{
	n++;
}

profile-97
/n >= 3/
{
	printf("%s:%s:%s:%s\n", probeprov, probemod, probefunc, probename);
	exit(0);
}
