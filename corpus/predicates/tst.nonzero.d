/*
 * ASSERTION: Any value but 0 makes a predicate true.
 *
 * SECTION: Program Structure/Predicates
 */

#pragma D option quiet

int64_t big, minus;

BEGIN
{
	big = 1;
	big <<= 32;
	minus = -1;
}

BEGIN
/big/
{
	printf("big\n");
}

BEGIN
/minus/
{
	printf("minus\n");
}

BEGIN
{
	exit(0);
}
