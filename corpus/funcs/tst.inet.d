/*
 * ASSERTION: inet_ntoa(), inet_ntoa6(), inet_ntop(): zeros that are left out, mapped and
 *	compatible addresses.
 *
 * SECTION: Actions and Subroutines/inet()
 */

#pragma D option quiet

BEGIN
{
	this->four = (ipaddr_t *)alloca(4);
	*this->four = 0x0100a8c0;
	this->six = (uint64_t *)alloca(16);
	this->six[0] = 0x80fe;
	this->six[1] = 0x0100000000000000;
	printf("%s %s\n", inet_ntoa(this->four), inet_ntop(10, this->six));
	this->six[0] = 0;
	this->six[1] = 0x04030201ffff0000;
	printf("%s\n", inet_ntoa6((struct in6_addr *)this->six));
	printf("%s\n", inet_ntoa6((struct in6_addr *)this->six, 1));
	((in6_addr_t *)this->six)->in6_u.u6_addr32[2] = 0;
	printf("%s\n", inet_ntop(10, this->six));
	((in6_addr_t *)this->six)->in6_u.u6_addr32[3] = 0x01000000;
	printf("%s\n", inet_ntoa6((in6_addr_t *)this->six));
	exit(0);
}
