/*
 * ASSERTION: printa() with a format prints a line for each key.
 *
 * SECTION: Output Formatting/printa
 */

#pragma D option quiet

BEGIN
{
	@a["x", 1] = sum(5);
	@a["y", 2] = sum(7);
	printa("%s/%d: %@d\n", @a);
	printa("%-4s|%4d|%@5d|\n", @a);
	exit(0);
}
