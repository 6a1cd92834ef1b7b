/*
 * ASSERTION: An option refuses a value that it cannot have.
 *
 * SECTION: Options and Tunables
 */

#pragma D option strsize=many

BEGIN
{
	exit(0);
}
