/*
 * ASSERTION: A width or precision may be an argument.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	w = 7;
	printf("[%*d] [%-*d]\n", w, 12, w, 12);
	printf("[%.*s] [%*.*s]\n", 2, "hello", w, 3, "hello");
	exit(0);
}
