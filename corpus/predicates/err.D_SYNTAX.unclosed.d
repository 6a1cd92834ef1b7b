/*
 * ASSERTION: A predicate ends with a slash.
 *
 * SECTION: Program Structure/Predicates
 */

BEGIN
/1
{
	exit(0);
}
