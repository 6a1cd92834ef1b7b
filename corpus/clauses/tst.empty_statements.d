/*
 * ASSERTION: A semicolon alone is a statement that does nothing.
 *
 * SECTION: Program Structure/Actions
 */

#pragma D option quiet

BEGIN
{
	;
	n = 1;;
	printf("%d\n", n);;
	exit(0)
}
