/*
 * ASSERTION: Patterns as the shell has them.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

#pragma D option quiet

BEG*
{
	printf("star\n");
}

dtrace:::BEG?N
{
	printf("question mark\n");
}

d*:::[AB]EGIN
{
	printf("set\n");
}

dtrace:::BEGIN
{
	exit(0);
}
