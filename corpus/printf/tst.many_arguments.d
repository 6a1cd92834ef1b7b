/*
 * ASSERTION: A printf may have many arguments of mixed kinds.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("%d %s %d %s %c %x %d %s %u %d\n", 1, "two", 3, "four", '5', 6, -7, "eight", 9, 10);
	exit(0);
}
