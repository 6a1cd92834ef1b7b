/*
 * ASSERTION: printa() takes an aggregation.
 *
 * SECTION: Output Formatting/printa
 */

BEGIN
{
	x = 1;
	printa(x);
}
