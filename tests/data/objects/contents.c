/* A map of maps that is declared with what is in it. */
#include "objects.h"
HELPER(void *, lookup, 1, void *, const void *);

struct inner { NUMBER(type, ARRAY); NUMBER(max_entries, 1); TYPE(key, int); TYPE(value, long); };
struct inner one SEC(".maps"), two SEC(".maps");
struct {
	NUMBER(type, ARRAY_OF_MAPS);
	NUMBER(max_entries, 4);
	TYPE(key, int);
	VALUES(struct inner);
} outer SEC(".maps") = { .values = { [1] = &one, [3] = &two } };

SEC("socket") int count(void *ctx)
{
	int key = 3, zero = 0;
	void *map = lookup(&outer, &key);
	long *value = map ? lookup(map, &zero) : 0;
	return value ? ++*value : -1;
}
