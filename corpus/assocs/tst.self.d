/*
 * ASSERTION: A thread-local array is apart from the global one of the same
 * name.
 *
 * SECTION: Variables/Thread-Local Variables
 */

#pragma D option quiet

BEGIN
{
	a["k"] = 1;
	self->a["k"] = 2;
	self->a["l"] = 3;
}

BEGIN
{
	printf("%d %d %d\n", a["k"], self->a["k"], self->a["l"]);
	exit(0);
}
