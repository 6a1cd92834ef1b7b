/* Write the `size` bytes at `address`, at most 20, in hexadecimal with colons between them to the 64
 * bytes at `out`. */
#include "bpflib.h"

#define BYTES 20 /* INFINIBAND_ALEN */

u64 dt_link_ntop(char *out, const unsigned char *address, u64 size)
{
	u64 i;

#pragma clang loop unroll(full)
	for (i = 0; i < BYTES; i++) {
		u64 byte = address[i];

		*(u32 *)(out + 3 * i) = HEX_DIGITS(byte >> 4 | (byte & 0xf) << 8) & 0xffff | ':' << 16;
	}
	out[3 * (size & 31) - 1 & 63] = 0;
	return 0;
}
