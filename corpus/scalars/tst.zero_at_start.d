/*
 * ASSERTION: Variables start as 0.
 *
 * SECTION: Variables/Scalar Variables
 */

#pragma D option quiet

int g;
self int t;

BEGIN
{
	printf("%d %d\n", g, self->t);
	g++;
	self->t++;
	printf("%d %d\n", g, self->t);
	exit(0);
}
