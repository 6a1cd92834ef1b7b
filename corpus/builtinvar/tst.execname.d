/*
 * ASSERTION: execname is a string that is not empty.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d\n", execname != "", execname == execname);
	self->name = execname;
	printf("%d\n", self->name == execname);
	exit(0);
}
