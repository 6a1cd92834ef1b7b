/*
 * ASSERTION: Storing 0 takes an element away; it can be stored anew.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

BEGIN
{
	a["k"] = 5;
	printf("%d ", a["k"]);
	a["k"] = 0;
	printf("%d ", a["k"]);
	a["k"] = 6;
	printf("%d\n", a["k"]);
	exit(0);
}
