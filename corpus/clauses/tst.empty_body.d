/*
 * ASSERTION: An empty body records that the probe fired.
 *
 * SECTION: Program Structure/Actions
 */

BEGIN
{
}

BEGIN
{
	exit(0);
}
