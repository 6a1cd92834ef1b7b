/*
 * ASSERTION: With option cpu, timers and all other probes fire on that CPU only, and nothing is lost.
 *
 * SECTION: Options and Tunables/Options; profile Provider/profile-n probes
 * @@backend: emulated
 */

#pragma D option quiet
#pragma D option cpu=1

BEGIN
{
	others = 0;
}

profile-100,
syscall:::entry
/cpu != 1/
{
	others++;
}

tick-50ms
{
	printf("%d %d\n", cpu, others);
	exit(0);
}

END
{
	printf("%d\n", cpu);
}
