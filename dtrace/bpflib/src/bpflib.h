/* What every function of the library may use. */
#ifndef BPFLIB_H
#define BPFLIB_H

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

/* The hexadecimal digits of four numbers below 16, each in a byte. */
#define HEX_DIGITS(n) ((n) + 0x30303030 + ((((n) + 0x06060606) >> 4) & 0x01010101) * ('a' - '9' - 1))

/* The top bit of `n`, as a number that the compiler cannot make a branch of. */
static inline u64 top_bit(u64 n)
{
	asm volatile("" : "+r"(n));
	return n >> 63;
}

/* Cut `n` to the bits of `mask` here, just before it is used: kernels before 5.10 forget what they
 * knew of a number that the compiler has spilled in between. */
#define LIMIT(n, mask) do { asm volatile("" : "+r"(n)); (n) &= (mask); } while (0)

/* Keep the compiler from working ahead of this: what it would compute before, it would spill. */
#define IN_ORDER(a, b) asm volatile("" : "+r"(a), "+r"(b))

#endif
