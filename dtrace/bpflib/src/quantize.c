/* The bucket of a value in quantize(): 63 for 0, 64 + log2(v) for v > 0, 62 - log2(-v) for v < 0.
 *
 * Without branches: the verifier sees one path, and that the result is at most 126.
 */
#include "bpflib.h"

/* 1 if v > limit, for numbers below 2^63. */
#define ABOVE(v, limit) ((((u64)(limit) - (v)) >> 63) & 1)

u64 dt_quantize(s64 value)
{
	u64 negative = (u64)value >> 63;
	u64 v = ((u64)value ^ -negative) + negative;
	u64 nonzero, log = 0, step;

	v >>= v >> 63; /* INT64_MIN counts with those half its size */
	nonzero = ABOVE(v, 0);
	step = ABOVE(v, 0xffffffffULL) << 5; v >>= step; log |= step;
	step = ABOVE(v, 0xffff) << 4; v >>= step; log |= step;
	step = ABOVE(v, 0xff) << 3; v >>= step; log |= step;
	step = ABOVE(v, 0xf) << 2; v >>= step; log |= step;
	step = ABOVE(v, 3) << 1; v >>= step; log |= step;
	log |= (v >> 1) & 1;
	log = (log + nonzero) & 127;
	/* 63 + log, or 63 - log */
	return 63 + ((log ^ -negative) + negative);
}
