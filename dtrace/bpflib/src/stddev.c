/* Update an element of stddev(): the count, the sum, and the sum of squares as 128 bits. */
#include "bpflib.h"

u64 dt_stddev(u64 *data, s64 value)
{
	u64 v = value < 0 ? -(u64)value : (u64)value;
	u64 low = v & 0xffffffff, high = v >> 32;
	u64 middle = low * high; /* counts twice, 32 bits up */
	u64 square = low * low, square_high = high * high + (middle >> 31);
	u64 part = middle << 33;

	square += part;
	square_high += square < part;
	data[0] += 1;
	data[1] += (u64)value;
	data[2] += square;
	data[3] += square_high + (data[2] < square);
	return 0;
}
