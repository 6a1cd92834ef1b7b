/*
 * ASSERTION: printa() prints an aggregation now, and it is not printed again
 * at the end.
 *
 * SECTION: Output Formatting/printa
 */

#pragma D option quiet

BEGIN
{
	@a["x"] = count();
	@b["y"] = count();
	printa(@a);
	printf("between\n");
	exit(0);
}
