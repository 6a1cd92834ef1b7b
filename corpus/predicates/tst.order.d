/*
 * ASSERTION: A predicate sees what earlier clauses of the same firing did.
 *
 * SECTION: Program Structure/Predicates
 */

#pragma D option quiet

int n;

BEGIN
/n == 0/
{
	n = 1;
}

BEGIN
/n == 1/
{
	n = 2;
}

BEGIN
/n == 1/
{
	printf("too late\n");
}

BEGIN
/n == 2/
{
	printf("two\n");
	exit(0);
}
