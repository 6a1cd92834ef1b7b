/*
 * ASSERTION: All uses of an array have the same number of keys.
 *
 * SECTION: Variables/Associative Arrays
 */

BEGIN
{
	a[1] = 1;
	a[1, 2] = 2;
}
