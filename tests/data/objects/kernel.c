/* A kernel: nothing of it is used but its BTF, kernel.o.  Places are in bytes. */
typedef int pid_t;
struct list { struct list *next, *prev; };
struct task {
	long state;                           /* 0 */
	void *stack;                          /* 8 */
	unsigned int cpu : 3;                 /* 16: bits 0 to 2 */
	int level : 5;                        /* bits 3 to 7 */
	union {
		void *both;                   /* 24 */
		struct { pid_t tgid, pid; };  /* 24, 28 */
	};
	char comm[16];                        /* 32 */
	struct list links[2];                 /* 48 */
	struct task *leader;                  /* 80 */
	short narrow;                         /* 88 */
	unsigned char wide;                   /* 90 */
};
struct twice___a { int same, other; };
struct twice___b { int same; long other; };
enum order { FIRST = 3, SECOND = -1, THIRD = 0x70000000 };
enum large { HUGE_ONE = 0x123456789abcdef };

struct task task;
struct twice___a a;
struct twice___b b;
enum order order;
enum large large;
int known __attribute__((section(".data..percpu")));
int helpful(struct task *task, int x) { return x; }
int changed(long x, int y, int z) { return z; }
