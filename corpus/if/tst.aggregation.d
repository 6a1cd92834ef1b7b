/*
 * ASSERTION: Aggregations and predicates go with if.
 *
 * SECTION: Program Structure/Conditional Statements
 *
 * @@peer: has no if
 */

#pragma D option quiet

int n;

tick-1ms
/n < 10/
{
	if (n % 3 == 0) {
		@["by three"] = count();
	} else {
		@["other"] = count();
	}
	n++;
}

tick-1ms
/n == 10/
{
	exit(0);
}
