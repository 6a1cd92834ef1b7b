/* Write an IPv6 address, in network order, as RFC 5952 has it, with its longest run of two or more
 * zero groups as `::`, to the 72 bytes at `out`; the result is its length.
 *
 * A group is written with the colon behind it, the leading zeros shifted away; the next one covers
 * what is too much.  The verifier sees one path: there are no branches, and there are products where
 * masks of all ones or none would do, of which newer kernels follow both values.
 */
#include "bpflib.h"

#define GROUPS 8

/* 1 if a >= b, for small numbers. */
#define REACHES(a, b) (top_bit((u64)(a) - (u64)(b)) ^ 1)

u64 dt_inet_ntoa6(char *out, const unsigned char *address)
{
	u64 run = 0, first = GROUPS, longest = 1, last, at = 0, i;

#pragma clang loop unroll(full)
	for (i = 0; i < GROUPS; i++) {
		u64 group = address[2 * i] | address[2 * i + 1];
		u64 zero = top_bit(group - 1), longer;

		run = (run + 1) * zero;
		longer = REACHES(run, longest + 1);
		first += (i + 1 - run - first) * longer;
		longest += (run - longest) * longer;
		IN_ORDER(first, longest);
	}
	last = first + longest - 1; /* far behind the groups if there is no run */
#pragma clang loop unroll(full)
	for (i = 0; i < GROUPS; i++) {
		u64 g = (u64)address[2 * i] << 8 | address[2 * i + 1];
		u64 more = top_bit(0xf - g) + top_bit(0xff - g) + top_bit(0xfff - g);
		u64 skip = REACHES(i, first) & REACHES(last, i);
		u64 colons = REACHES(first, i) << (i == 0); /* that stand for the run */
		u64 word = HEX_DIGITS(g >> 12 | (g & 0xf00) | (g & 0xf0) << 12 | (g & 0xf) << 24);

		word = (word | 0x3a00000000) >> 8 * (3 - more);
		word += (0x3a3a - word) * skip;
		LIMIT(at, 63);
		*(u64 *)(out + at) = word;
		more += 2;
		at += more + (colons - more) * skip;
		IN_ORDER(at, last);
	}
	at -= REACHES(last, GROUPS - 1) & REACHES(GROUPS - 1, first) ^ 1;
	LIMIT(at, 63);
	out[at] = 0;
	return at;
}
