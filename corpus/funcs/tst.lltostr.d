/*
 * ASSERTION: lltostr(): the extremes.
 *
 * SECTION: Actions and Subroutines/lltostr()
 */

#pragma D option quiet

BEGIN
{
	printf("%s %s %s\n", lltostr(0), lltostr(-5), lltostr((unsigned char)200));
	printf("%s %s\n", lltostr(9223372036854775807), lltostr(-9223372036854775807 - 1));
	exit(0);
}
