/*
 * ASSERTION: There is no such option.
 *
 * SECTION: Options and Tunables
 */

#pragma D option nosuchoption

BEGIN
{
	exit(0);
}
