/*
 * ASSERTION: A predicate cannot be empty.
 *
 * SECTION: Program Structure/Predicates
 */

BEGIN
/ /
{
	exit(0);
}
