/* CO-RE relocations of types. */
#include "objects.h"
struct task { long state; void *stack; };
struct task___odd { int state; };
struct none { int x; };
typedef int pid_t;

SEC("raw_tp/x") int has(void *ctx)
{
	return ABOUT(struct task, HAS_TYPE) + ABOUT(struct none, HAS_TYPE) * 10 +
	       ABOUT(pid_t, HAS_TYPE) * 100;
}
SEC("raw_tp/x") int sizes(void *ctx)
{
	return ABOUT(struct task, SIZE_OF) + ABOUT(pid_t, SIZE_OF) * 1000;
}
SEC("raw_tp/x") u64 ids(void *ctx) { return ID(struct task, TARGET) + ID(struct none, TARGET) * 10; }
SEC("raw_tp/x") u64 local(void *ctx) { return ID(struct task, LOCAL); }
#if !defined(__clang__) || __clang_major__ > 14
SEC("raw_tp/x") int matches(void *ctx)
{
	return ABOUT(struct task, MATCHES) + ABOUT(struct task___odd, MATCHES) * 10;
}
#endif
