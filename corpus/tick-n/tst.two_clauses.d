/*
 * ASSERTION: Two clauses of one tick run in the same firing.
 *
 * SECTION: profile Provider/tick-n Probes
 */

#pragma D option quiet

tick-5ms
{
	this->n = 7;
}

tick-5ms
{
	printf("%d\n", this->n);
	exit(0);
}
