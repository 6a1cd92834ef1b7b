/*
 * ASSERTION: All uses of an array have keys of the same types.
 *
 * SECTION: Variables/Associative Arrays
 */

BEGIN
{
	a[1] = 1;
	a["one"] = 2;
}
