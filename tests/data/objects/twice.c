/* A type that the kernel has twice.  What both have at one place is found, and nothing else. */
#include "objects.h"
struct twice { int same, other; } CORE;

SEC("raw_tp/x") int same(u64 *ctx)
{
	struct twice *t = (void *)ctx[0];
	return FIELD(t->same, OFFSET) + 5;
}
SEC("?raw_tp/x") int other(u64 *ctx)
{
	struct twice *t = (void *)ctx[0];
	return FIELD(t->other, OFFSET);
}
