/*
 * ASSERTION: #ident and empty control lines are read over.
 *
 * SECTION: Program Structure
 */

#pragma D option quiet
#ident "a version"
#

BEGIN
{
	printf("done\n");
	exit(0);
}
