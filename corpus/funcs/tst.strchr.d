/*
 * ASSERTION: strchr(), strrchr() and strstr(): the rest of the string, or NULL.
 *
 * SECTION: Actions and Subroutines/strchr()
 *
 * @@options: -xstrsize=64
 */

#pragma D option quiet

BEGIN
{
	printf("[%s] [%s]\n", strchr("hello hello", 'l'), strrchr("hello hello", 'l'));
	printf("[%s] [%s]\n", strstr("hello", "llo"), strstr("hello", ""));
	printf("%d %d %d\n", strchr("hello", 'x') == NULL, strrchr("hello", 'x') == NULL,
	    strstr("hello", "x") == NULL);
	exit(0);
}
