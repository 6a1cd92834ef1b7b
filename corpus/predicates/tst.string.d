/*
 * ASSERTION: A predicate may compare strings.
 *
 * SECTION: Program Structure/Predicates
 */

#pragma D option quiet

BEGIN
/probename == "BEGIN" && probeprov == "dtrace"/
{
	printf("here\n");
}

BEGIN
/probename == "END"/
{
	printf("not here\n");
}

BEGIN
{
	exit(0);
}
