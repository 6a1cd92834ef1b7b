/*
 * ASSERTION: A global variable keeps its value from one firing to the next.
 *
 * SECTION: Variables/Scalar Variables
 */

#pragma D option quiet

int n;

BEGIN
{
	n = 10;
}

tick-1ms
{
	n++;
}

tick-1ms
/n == 13/
{
	printf("%d\n", n);
	exit(0);
}
