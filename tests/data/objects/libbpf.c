/* What libbpf makes of the objects here, as libbpf.jsonl has it: a line for each.
 *
 *     cc libbpf.c -lbpf -o libbpf
 *     sudo ./libbpf kernel.o config *.clang*.o *.gcc*.o > libbpf.jsonl
 *
 * Maps are shown by their names where instructions have their descriptors.  Objects that libbpf
 * refuses have no programs: it looks for symbols in the running kernel only, and cannot fill a map of
 * maps that comes before its contents, as gcc has it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int quiet(enum libbpf_print_level level, const char *format, va_list args) { return 0; }

static void hex(const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)data)[i]);
}

static const char *name_of(struct bpf_object *object, unsigned int id, int is_prog)
{
	static struct bpf_prog_info prog;
	static struct bpf_map_info map;
	unsigned int size = is_prog ? sizeof prog : sizeof map;
	int fd = is_prog ? bpf_prog_get_fd_by_id(id) : bpf_map_get_fd_by_id(id);

	bpf_obj_get_info_by_fd(fd, is_prog ? (void *)&prog : &map, &size);
	return is_prog ? prog.name : map.name;
}

static void show_map(struct bpf_object *object, struct bpf_map *map, const char *comma)
{
	int type = bpf_map__type(map), fd = bpf_map__fd(map);
	size_t size = 0;
	const void *init = bpf_map__initial_value(map, &size);
	unsigned int key, id, shown = 0;

	printf("%s{\"name\": \"%s\", \"facts\": [%d, %u, %u, %u, %u], \"init\": \"", comma,
	       bpf_map__name(map), type, bpf_map__key_size(map), bpf_map__value_size(map),
	       bpf_map__max_entries(map), bpf_map__map_flags(map));
	if (init)
		hex(init, size);
	printf("\", \"slots\": [");
	if (type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		for (key = 0; key < bpf_map__max_entries(map); key++)
			if (!bpf_map_lookup_elem(fd, &key, &id))
				printf("%s[%u, \"%s\"]", shown++ ? ", " : "", key,
				       name_of(object, id, type == BPF_MAP_TYPE_PROG_ARRAY));
	printf("]}");
}

static void show_prog(struct bpf_object *object, struct bpf_program *prog, const char *comma)
{
	const struct bpf_insn *insns = bpf_program__insns(prog);
	struct bpf_map *map;
	size_t shown = 0;

	printf("%s{\"name\": \"%s\", \"facts\": [%d, %d], \"insns\": \"", comma, bpf_program__name(prog),
	       bpf_program__type(prog), bpf_program__expected_attach_type(prog));
	hex(insns, 8 * bpf_program__insn_cnt(prog));
	printf("\", \"maps\": [");
	for (size_t i = 0; i < bpf_program__insn_cnt(prog); i++)
		if (insns[i].code == 0x18 && (insns[i].src_reg == 1 || insns[i].src_reg == 2))
			bpf_object__for_each_map(map, object)
				if (bpf_map__fd(map) == insns[i].imm)
					printf("%s[%zu, \"%s\"]", shown++ ? ", " : "", i, bpf_map__name(map));
	printf("]}");
}

int main(int argc, char **argv)
{
	char config[4096] = "";
	FILE *file = fopen(argv[2], "r");

	fread(config, 1, sizeof config - 1, file);
	libbpf_set_print(quiet);
	for (int i = 3; i < argc; i++) {
		LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = argv[1], .kconfig = config);
		struct bpf_object *object = bpf_object__open_file(argv[i], &opts);
		struct bpf_program *prog;
		struct bpf_map *map;
		const char *comma = "";
		int error = bpf_object__prepare(object);

		/* What verifiers say is nothing to objects. */
		if (!error)
			bpf_object__load(object);

		printf("{\"object\": \"%s\", \"libbpf\": \"%s\", \"maps\": [", argv[i], libbpf_version_string());
		bpf_object__for_each_map(map, object) {
			show_map(object, map, comma);
			comma = ", ";
		}
		printf("], \"programs\": [");
		comma = "";
		if (!error)
			bpf_object__for_each_program(prog, object)
				if (bpf_program__autoload(prog)) {
					show_prog(object, prog, comma);
					comma = ", ";
				}
		printf("]}\n");
		bpf_object__close(object);
	}
	return 0;
}
