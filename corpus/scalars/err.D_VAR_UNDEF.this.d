/*
 * ASSERTION: A clause-local variable cannot be read before it is known.
 *
 * SECTION: Variables/Clause-Local Variables
 */

BEGIN
{
	trace(this->nothing);
}
