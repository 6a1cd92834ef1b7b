/*
 * ASSERTION: An integer key prints in a column of its type's width.
 *
 * SECTION: Aggregations
 */

#pragma D option quiet

BEGIN
{
	@a[(char)-1] = count();
	@b[(short)-1] = count();
	@c[-1] = count();
	@d[-1L] = count();
	@e[(uint8_t)-1, (uint16_t)-1, (uint32_t)-1, (uint64_t)-1] = count();
	exit(0);
}
