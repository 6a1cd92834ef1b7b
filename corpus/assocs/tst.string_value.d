/*
 * ASSERTION: Elements may be strings.
 *
 * SECTION: Variables/Associative Arrays
 */

#pragma D option quiet

BEGIN
{
	name[1] = "one";
	name[2] = "two";
	name[1] = "uno";
	printf("%s %s\n", name[1], name[2]);
	exit(0);
}
