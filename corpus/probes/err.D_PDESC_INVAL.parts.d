/*
 * ASSERTION: A description has at most four parts.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

dtrace:a:b:c:BEGIN
{
	exit(0);
}
