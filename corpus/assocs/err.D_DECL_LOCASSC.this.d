/*
 * ASSERTION: A clause-local array with keys cannot be declared.
 *
 * SECTION: Variables/Clause-Local Variables
 */

this int a[string];

BEGIN
{
	exit(0);
}
