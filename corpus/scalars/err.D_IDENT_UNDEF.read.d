/*
 * ASSERTION: A global variable cannot be read before it is known.
 *
 * SECTION: Variables/Scalar Variables
 */

BEGIN
{
	trace(nothing);
}
