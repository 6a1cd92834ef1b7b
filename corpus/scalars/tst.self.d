/*
 * ASSERTION: A thread-local variable is seen by later clauses in the same
 * thread.
 *
 * SECTION: Variables/Thread-Local Variables
 */

#pragma D option quiet

BEGIN
{
	self->a = 3;
	self->b = "text";
	self->a *= 7;
}

BEGIN
{
	printf("%d %s\n", self->a, self->b);
	self->a = 0;
	printf("%d\n", self->a);
	exit(0);
}
