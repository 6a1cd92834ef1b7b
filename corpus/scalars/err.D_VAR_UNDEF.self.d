/*
 * ASSERTION: A thread-local variable cannot be read before it is known.
 *
 * SECTION: Variables/Thread-Local Variables
 */

BEGIN
{
	trace(self->nothing);
}
