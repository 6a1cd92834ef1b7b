/*
 * ASSERTION: alloca(): stores and loads through pointers to chars and to structs.
 *
 * SECTION: Actions and Subroutines/alloca()
 *
 * @@peer: it reads other bytes than were stored through the pointer to a struct
 */

#pragma D option quiet

struct pair {
	int first;
	long second;
};

BEGIN
{
	this->text = (char *)alloca(4);
	this->text[0] = 'a';
	this->text[1] = 'b';
	*(this->text + 2) = 0;
	this->pair = (struct pair *)alloca(sizeof(struct pair));
	this->pair->first = 7;
	this->pair->second = -1;
	printf("%s %d %d\n", stringof(this->text), this->pair->first, this->pair->second);
	exit(0);
}
