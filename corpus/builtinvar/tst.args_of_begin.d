/*
 * ASSERTION: BEGIN has no arguments: arg0 to arg9 can be read all the same;
 * errno is 0.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	this->sum = arg0 | arg1 | arg2 | arg3 | arg4 | arg5 | arg6 | arg7 | arg8 | arg9;
	printf("%d %d\n", this->sum == this->sum, errno);
	exit(0);
}
