/* Variables and functions of the kernel. */
#include "objects.h"
#define SYMBOL __attribute__((section(".ksyms")))

extern const int known SYMBOL, none SYMBOL weak;
extern const void place SYMBOL weak;
struct task { long state; };
int helpful(struct task *task, int x) SYMBOL;
int changed(int x) SYMBOL weak;
void missing(void) SYMBOL weak;

SEC("raw_tp/x") u64 kernel(void *ctx)
{
	if (&none)
		return 1;
	if (missing)
		missing();
	return (u64)&known + (u64)&place;
}
SEC("raw_tp/x") int calls(void *ctx) { return helpful(ctx, 2) + changed(3); }
