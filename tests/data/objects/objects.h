/* What the objects here are written with: macros of bpf_helpers.h and bpf_core_read.h, our own way. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define noinline __attribute__((noinline))
#define weak __attribute__((weak))
#define CORE __attribute__((preserve_access_index))

#define NUMBER(name, value) int(*name)[value]
#define TYPE(name, value) typeof(value) *name
#define VALUES(type) typeof(type) *values[]
enum { HASH = 1, ARRAY = 2, PROG_ARRAY = 3, ARRAY_OF_MAPS = 12, RINGBUF = 27 };

#ifdef __clang__
#define HELPER(ret, name, number, ...) static ret (*name)(__VA_ARGS__) = (void *)number
#define TO(type) ((type *)0)
#define CONSTANT(type, name, what) __builtin_preserve_enum_value(*(type *)name, what)
#else /* gcc wants variables that have the type */
#define HELPER(ret, name, number, ...) \
	extern ret name(__VA_ARGS__) __attribute__((kernel_helper(number)))
#define TO2(type, n) ({ extern type *variable##n; variable##n; })
#define TO1(type, n) TO2(type, n)
#define TO(type) TO1(type, __COUNTER__)
#define CONSTANT(type, name, what) __builtin_preserve_enum_value(TO(type), name, what)
#endif
#define FIELD(place, what) __builtin_preserve_field_info(place, what)
#define ABOUT(type, what) __builtin_preserve_type_info(*TO(type), what)
#define ID(type, what) __builtin_btf_type_id(*TO(type), what)
/* of FIELD */
enum { OFFSET, SIZE, EXISTS, SIGNED, LEFT_SHIFT, RIGHT_SHIFT };
/* of ABOUT, of CONSTANT, of ID */
enum { HAS_TYPE, SIZE_OF, MATCHES };
enum { HAS_CONSTANT, VALUE };
enum { LOCAL, TARGET };

char terms[] SEC("license") = "GPL";
