/* A program array that is declared with what is in it, and a program for those who ask for it. */
#include "objects.h"
HELPER(long, jump, 12, void *, void *, u32);

SEC("socket") int other(void *ctx) { return 5; }
int target(void *ctx);
struct {
	NUMBER(type, PROG_ARRAY);
	NUMBER(max_entries, 3);
	TYPE(key, int);
	VALUES(int(void *));
} jumps SEC(".maps") = { .values = { [2] = (void *)&target } };
struct { NUMBER(type, RINGBUF); NUMBER(max_entries, 5000); } ring SEC(".maps");

SEC("socket") int start(void *ctx) { jump(ctx, &jumps, 2); return 1; }
SEC("socket") int target(void *ctx) { return 42; }
SEC("?socket") int sometimes(void *ctx) { return 7; }
