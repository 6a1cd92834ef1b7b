/* CO-RE relocations of what the kernel does not have, and of bit-fields. */
#include "objects.h"
struct task { unsigned cpu : 3; int level : 4; int gone; } CORE;
struct task___old { unsigned wide; int narrow; } CORE;
struct none { int x; } CORE;

SEC("raw_tp/x") int asked(u64 *ctx)
{
	struct task *t = (void *)ctx[0];
	return FIELD(t->gone, EXISTS) ? FIELD(t->gone, OFFSET) : 7;
}
SEC("raw_tp/x") int there(u64 *ctx)
{
	struct task *t = (void *)ctx[0];
	struct none *n = (void *)ctx[0];
	return FIELD(t->level, EXISTS) + FIELD(t->gone, EXISTS) * 10 + FIELD(n->x, EXISTS) * 100;
}
SEC("raw_tp/x") int bits(u64 *ctx)
{
	struct task *t = (void *)ctx[0];
	return FIELD(t->level, LEFT_SHIFT) * 100 + FIELD(t->level, RIGHT_SHIFT) +
	       FIELD(t->level, OFFSET) * 10000;
}
SEC("raw_tp/x") int resized(u64 *ctx)
{
	struct task___old *t = (void *)ctx[0];
	return t->wide + t->narrow;
}
