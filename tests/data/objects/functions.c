/* Functions called across sections, static, global and hidden; variables of four sections. */
#include "objects.h"
const volatile int factor = 3;
int total = 10;
long runs;
struct { int a; char text[8]; } pair SEC(".data.pair") = { 5, "pair" };

static noinline int twice(int x) { return x * 2; }
noinline int thrice(int x) { return x * factor; }
__attribute__((visibility("hidden"))) noinline int both(int x) { return twice(x) + thrice(x); }

SEC("socket") int one(void *ctx)
{
	runs++;
	return both(4) + total;
}
SEC("socket") int two(void *ctx) { total++; return thrice(4) + pair.a; }
