/*
 * ASSERTION: A conversion that does not exist is named.
 *
 * SECTION: Output Formatting/printf
 */

BEGIN
{
	printf("%v\n", 1);
}
