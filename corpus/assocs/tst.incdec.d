/*
 * ASSERTION: ++ and -- work on elements, missing or not.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

BEGIN
{
	a["k"]++;
	printf("%d ", a["k"]++);
	printf("%d ", ++a["k"]);
	printf("%d ", a["k"]--);
	printf("%d\n", --a["k"]);
	exit(0);
}
