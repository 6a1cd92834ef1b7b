/*
 * ASSERTION: %% shows a percent sign.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

BEGIN
{
	printf("100%%\n");
	printf("%d%%|%%d\n", 50);
	exit(0);
}
