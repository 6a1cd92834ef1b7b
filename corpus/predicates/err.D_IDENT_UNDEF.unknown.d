/*
 * ASSERTION: A predicate knows only the variables that there are.
 *
 * SECTION: Program Structure/Predicates
 */

BEGIN
/nothing/
{
	exit(0);
}
