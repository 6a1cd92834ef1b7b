/*
 * ASSERTION: A false predicate also keeps the default action from running.
 *
 * SECTION: Program Structure/Predicates
 */

BEGIN
/0/
{
}

BEGIN
/1/
{
}

BEGIN
{
	exit(0);
}
