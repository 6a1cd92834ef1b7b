/*
 * ASSERTION: A clause whose predicate is 0 does not run.
 *
 * SECTION: Program Structure/Predicates
 */

#pragma D option quiet

BEGIN
/0/
{
	printf("never\n");
}

BEGIN
/1/
{
	printf("always\n");
	exit(0);
}
