/*
 * ASSERTION: An option may stand after the clauses that it governs.
 *
 * SECTION: Options and Tunables
 */

BEGIN
{
	printf("only this\n");
	exit(0);
}

#pragma D option quiet
