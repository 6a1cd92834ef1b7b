/*
 * ASSERTION: curthread is a pointer.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d\n", curthread != NULL, sizeof (curthread));
	exit(0);
}
