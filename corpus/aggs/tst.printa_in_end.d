/*
 * ASSERTION: printa() in END replaces the printing at the end.
 *
 * SECTION: Output Formatting/printa
 */

#pragma D option quiet

BEGIN
{
	@a["x"] = count();
	exit(0);
}

END
{
	printf("the table:\n");
	printa(@a);
}
