/*
 * ASSERTION: A clause-local variable is seen by later clauses of the same
 * firing.
 *
 * SECTION: Variables/Clause-Local Variables
 */

#pragma D option quiet

this int n;

BEGIN
{
	this->n = 4;
	this->m = this->n * 2;
	this->s = "word";
}

BEGIN
{
	printf("%d %d %s\n", this->n, this->m, this->s);
	exit(0);
}
