/*
 * ASSERTION: bcopy(): from a string into alloca()'s memory.
 *
 * SECTION: Actions and Subroutines/bcopy()
 */

#pragma D option quiet

BEGIN
{
	this->text = (char *)alloca(8);
	bcopy("hello", this->text, 6);
	printf("%s\n", stringof(this->text));
	exit(0);
}
