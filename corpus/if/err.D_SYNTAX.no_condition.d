/*
 * ASSERTION: An if has a condition.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

BEGIN
{
	if () {
		exit(0);
	}
}
