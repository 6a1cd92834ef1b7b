/* CO-RE relocations of constants of enumerations. */
#include "objects.h"
enum order { FIRST, SECOND, FOURTH };
enum order___new { THIRD___new = 1 };
enum large { HUGE_ONE = 1ULL << 40 };

SEC("raw_tp/x") u64 values(void *ctx)
{
	return CONSTANT(enum order, FIRST, VALUE) + CONSTANT(enum order, SECOND, VALUE) * 10;
}
SEC("raw_tp/x") int there(void *ctx)
{
	return CONSTANT(enum order, FOURTH, HAS_CONSTANT) +
	       CONSTANT(enum order___new, THIRD___new, HAS_CONSTANT) * 10;
}
SEC("raw_tp/x") u64 gone(void *ctx)
{
	return CONSTANT(enum order, FOURTH, HAS_CONSTANT) ? CONSTANT(enum order, FOURTH, VALUE) : 9;
}
#if !defined(__clang__) || __clang_major__ > 14
SEC("raw_tp/x") u64 huge(void *ctx) { return CONSTANT(enum large, HUGE_ONE, VALUE); }
#endif
