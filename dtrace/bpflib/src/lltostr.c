/* Write a number in decimal, with sign and NUL, so that it ends with the 32 bytes at `out`; the
 * result is where it begins, counted from `out`.
 *
 * Without branches: the verifier sees one path, and that the result is at most 32.
 */
#include "bpflib.h"

#define SIZE 32
#define DIGITS 19 /* of 2^63 */

u64 dt_lltostr(char *out, s64 value)
{
	u64 negative = top_bit(value);
	u64 v = ((u64)value ^ -negative) + negative;
	u64 digits = 1, sign;
	int i;

	out[SIZE - 1] = 0;
#pragma clang loop unroll(full)
	for (i = 0; i < DIGITS; i++) {
		u64 rest = v / 10;

		out[SIZE - 2 - i] = '0' + v - 10 * rest;
		v = rest;
		digits += top_bit(-v); /* 1 if any is left */
		IN_ORDER(v, digits);
	}
	sign = (SIZE - 2 - digits) & (SIZE - 1);
	out[sign] = '-';
	return sign + 1 - negative;
}
