/*
 * ASSERTION: Without quiet trace() prints an integer in a column of its type's
 * width.
 *
 * SECTION: Actions and Subroutines/trace
 */

BEGIN
{
	trace((int8_t)-5);
	trace((int16_t)-5);
	trace((int32_t)-5);
	trace((int64_t)-5);
}

BEGIN
{
	trace((uint8_t)-5);
	trace((uint16_t)-5);
	trace((uint32_t)-5);
	trace((uint64_t)-5);
	exit(0);
}
