/*
 * ASSERTION: strlen(): of an unreadable string it is 0.
 *
 * SECTION: Actions and Subroutines/strlen()
 */

#pragma D option quiet

BEGIN
{
	printf("%d %d %d\n", strlen("hello"), strlen(""), strlen((char *)1));
	exit(0);
}
