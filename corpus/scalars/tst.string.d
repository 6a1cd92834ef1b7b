/*
 * ASSERTION: A string variable holds a copy of what it was given.
 *
 * SECTION: Variables/Scalar Variables
 */

#pragma D option quiet

string s;

BEGIN
{
	printf("[%s]\n", s);
	s = "first";
	t = s;
	s = "second";
	printf("[%s] [%s]\n", s, t);
	s = "";
	printf("[%s]\n", s);
	exit(0);
}
