/*
 * ASSERTION: %c shows one character.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("[%c] [%c] [%3c] [%-3c]\n", 'A', 98, 'c', 'd');
	exit(0);
}
