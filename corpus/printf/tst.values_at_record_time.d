/*
 * ASSERTION: An argument has the value of the moment of the call.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	n = 1;
	printf("%d ", n);
	n = 2;
	printf("%d ", n);
	s = "a";
	printf("%s ", s);
	s = "b";
	printf("%s\n", s);
	exit(0);
}
