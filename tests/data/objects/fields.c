/* CO-RE relocations of loads, and of places, in types that the kernel has otherwise. */
#include "objects.h"
struct list { struct list *next; } CORE;
struct task { int pid; char comm[2]; struct task *leader; struct list links[2]; } CORE;
struct task___old { unsigned long tgid; short wide; } CORE;

SEC("raw_tp/x") int places(u64 *ctx)
{
	struct task *t = (void *)ctx[0];
	return FIELD(t->pid, OFFSET) + FIELD(t->comm[1], OFFSET) * 100 +
	       FIELD(t->links[1].next, OFFSET) * 10000;
}
SEC("raw_tp/x") int loads(u64 *ctx)
{
	struct task *t = (void *)ctx[0];
	return t->leader->pid;
}
SEC("raw_tp/x") u64 sizes(u64 *ctx)
{
	struct task *t = (void *)ctx[0];
	return FIELD(t->pid, SIZE) + FIELD(t->leader, SIZE) * 10 + FIELD(t->pid, SIGNED) * 100;
}
