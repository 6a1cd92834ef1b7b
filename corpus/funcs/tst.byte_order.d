/*
 * ASSERTION: htons() ... ntohll(), getmajor() and getminor().
 *
 * SECTION: Actions and Subroutines/byte_order()
 */

#pragma D option quiet

BEGIN
{
	printf("%x %x %x\n", htons(0x1234), htonl(0x12345678), htonll(0x1234));
	printf("%x %x %x\n", ntohs(0x1234), ntohl(0x12345678), ntohll(0x1234));
	printf("%d %d\n", getmajor(0x12345678), getminor(0x12345678));
	exit(0);
}
