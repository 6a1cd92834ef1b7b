/*
 * ASSERTION: A variable may have a type that the program defines.
 *
 * SECTION: Types, Operators, and Expressions/Type Definitions
 */

#pragma D option quiet

typedef int32_t money_t;
typedef money_t *moneyp_t;

money_t purse;

BEGIN
{
	purse = 5;
	purse -= 7;
	printf("%d %d %d\n", purse, sizeof (money_t), sizeof (moneyp_t));
	exit(0);
}
