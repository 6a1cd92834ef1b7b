/*
 * ASSERTION: %s with width, precision and flag.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	s = "hello";
	printf("[%s] [%8s] [%-8s] [%3s]\n", s, s, s, s);
	printf("[%.3s] [%8.3s] [%-8.3s] [%.0s]\n", s, s, s, s);
	printf("[%s] [%5s]\n", "", "");
	exit(0);
}
