/*
 * ASSERTION: Variables of one name in three scopes are three variables.
 *
 * SECTION: Variables
 */

#pragma D option quiet

BEGIN
{
	x = 1;
	self->x = 2;
	this->x = 3;
	printf("%d %d %d\n", x, self->x, this->x);
	x += 10;
	printf("%d %d %d\n", x, self->x, this->x);
	exit(0);
}
