/*
 * ASSERTION: Every description of a list matches something.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

BEGIN,
dtrace:::NOTHING
{
	exit(0);
}
