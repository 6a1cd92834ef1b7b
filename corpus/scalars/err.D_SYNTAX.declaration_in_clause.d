/*
 * ASSERTION: A clause holds no declarations.
 *
 * SECTION: Variables/Scalar Variables
 */

BEGIN
{
	int x;
}
