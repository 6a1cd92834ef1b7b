/*
 * ASSERTION: strjoin(): what does not fit is cut.
 *
 * SECTION: Actions and Subroutines/strjoin()
 *
 * @@options: -xstrsize=8
 */

#pragma D option quiet

BEGIN
{
	printf("[%s] [%s]\n", strjoin("abc", "def"), strjoin("abcde", "fghi"));
	printf("[%s]\n", strjoin(strjoin("a", "b"), strjoin("", "c")));
	exit(0);
}
