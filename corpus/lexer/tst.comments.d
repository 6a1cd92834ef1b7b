/*
 * ASSERTION: Comments of both kinds, anywhere between tokens.
 *
 * SECTION: Program Structure
 */

#pragma D option quiet

/* before */ BEGIN /* after // the name */
{
	// a whole line
	n = /* in between */ 5; // at the end /* of a line
	printf("%d %s\n", n, "/* not */ // one");
	exit(0);
}
