/*
 * ASSERTION: A variable cannot be declared with two types.
 *
 * SECTION: Variables/Scalar Variables
 */

int x;
string x;

BEGIN
{
	exit(0);
}
