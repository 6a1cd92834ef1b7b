/*
 * ASSERTION: The option quiet, set in the program.
 *
 * SECTION: Options and Tunables
 */

#pragma D option quiet

BEGIN
{
	printf("only this\n");
	exit(0);
}
