/*
 * ASSERTION: strtok(): token by token, with delimiters that change.
 *
 * SECTION: Actions and Subroutines/strtok()
 *
 * @@options: -xstrsize=64
 */

#pragma D option quiet

BEGIN
{
	printf("[%s]\n", strtok(",a,b;;c", ",;"));
}

BEGIN
{
	printf("[%s] [%s]\n", strtok(NULL, ";,"), strtok(NULL, ","));
	printf("%d\n", strtok(NULL, ",") == NULL);
	exit(0);
}
