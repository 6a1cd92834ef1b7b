/*
 * ASSERTION: The usual form: a thread-local variable as a flag.
 *
 * SECTION: Program Structure/Predicates
 */

#pragma D option quiet

BEGIN
{
	self->on = 1;
}

BEGIN
/self->on/
{
	printf("on\n");
	self->on = 0;
}

BEGIN
/self->on/
{
	printf("still on\n");
}

BEGIN
/!self->on/
{
	printf("off\n");
	exit(0);
}
