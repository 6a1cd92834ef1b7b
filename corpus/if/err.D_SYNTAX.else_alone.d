/*
 * ASSERTION: An else follows an if.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

BEGIN
{
	else {
		exit(0);
	}
}
