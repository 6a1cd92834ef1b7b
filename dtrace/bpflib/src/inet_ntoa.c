/* Write an IPv4 address, in network order, in dotted decimal to the 24 bytes at `out`; the result is
 * its length.
 *
 * Each number is written with three digits and a dot, shifted down by the leading zeros; the next one
 * covers what is too much.  Without branches: the verifier sees one path.
 */
#include "bpflib.h"

u64 dt_inet_ntoa(char *out, u64 address)
{
	u64 at = 0;
	int i;

#pragma clang loop unroll(full)
	for (i = 0; i < 4; i++) {
		u64 n = address >> 8 * i & 0xff;
		u64 more = top_bit(9 - n) + top_bit(99 - n); /* digits, less one */
		u64 digits = (n / 100) | n / 10 % 10 << 8 | n % 10 << 16;
		u32 word = (digits | 0x2e303030) >> 8 * (2 - more);

		*(u32 *)(out + at) = word;
		at += (more & 3) + 2;
		IN_ORDER(at, address);
	}
	at = (at - 1) & 15;
	out[at] = 0;
	return at;
}
