/*
 * ASSERTION: A clause that records nothing prints no line.
 *
 * SECTION: Program Structure/Actions
 */

BEGIN
{
	n = 1;
}

BEGIN
{
	n++;
}

BEGIN
{
	trace(n);
	exit(0);
}
