/*
 * ASSERTION: Declared arrays convert keys and values to their types.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

int8_t narrow[int];
uint64_t wide[int, string];

BEGIN
{
	narrow[1] = 200;
	wide[-1, "a"] = -1;
	printf("%d %u\n", narrow[1], wide[-1, "a"]);
	exit(0);
}
