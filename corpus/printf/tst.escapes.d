/*
 * ASSERTION: Escapes of C strings work in formats and arguments.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("a\tb\\c\"d\x41\101\n");
	printf("%s|\n", "t\tq\"e");
	exit(0);
}
