/*
 * ASSERTION: There is no such provider.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

nosuchprovider:::entry
{
	exit(0);
}
