/*
 * ASSERTION: timestamp stands still in a clause and grows from one firing to
 * the next.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	a = timestamp;
	b = timestamp;
	printf("%d %d\n", a == b, a > 0);
}

tick-10ms
{
	printf("%d\n", timestamp > a);
	exit(0);
}
