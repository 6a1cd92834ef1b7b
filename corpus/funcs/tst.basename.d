/*
 * ASSERTION: basename() and dirname().
 *
 * SECTION: Actions and Subroutines/basename()
 *
 * @@options: -xstrsize=64
 */

#pragma D option quiet

BEGIN
{
	printf("[%s] [%s] [%s]\n", basename(""), basename("///"), basename("/usr/lib//"));
	printf("[%s] [%s] [%s]\n", dirname(""), dirname("//a"), dirname("a//b//"));
	printf("[%s] [%s]\n", dirname("x"), dirname("/a//b//c//"));
	exit(0);
}
