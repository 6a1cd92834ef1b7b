"""Objects of clang and objects made by hand: what becomes of them, and what is refused."""

from __future__ import annotations

import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from emu.btf import Kind
from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.kernel.enums import F_MMAPABLE, F_RDONLY_PROG, MapType, ProgType
from emu.kernel.profile import Kernel
from emu.maps.create import create
from emu.objfile import ObjectError, load
from emu.prog import MapDef
from emu.vm.engine import make
from emu.world.scenario import Scenario
from emu.world.world import World
from tests.btfwriter import Writer
from tests.elfwriter import ALLOC, EXEC, FUNC, GLOBAL, OBJECT, PROGBITS, elf
from tests.objects import results
from verifier_model import verify

pytest.importorskip("elftools", reason="objects need pyelftools")

KERNEL = Kernel.release("6.18")
CLANG = shutil.which("clang")
needs_clang = pytest.mark.skipif(CLANG is None, reason="no clang to make objects with")

PRELUDE = """
#define SEC(n) __attribute__((section(n), used))
#define noinline __attribute__((noinline))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
static void *(*lookup)(void *, const void *) = (void *)1;
SEC("license") char terms[] = "GPL";
"""
COUNTS = """
struct { __uint(type, 2); __uint(max_entries, 4); __type(key, int); __type(value, long); }
    counts SEC(".maps");
"""
COUNTING = """
SEC("socket") int count(void *ctx)
{
    int key = 2;
    long *value = lookup(&counts, &key);
    if (value) *value += 3;
    return value ? *value : -1;
}
"""
VARIABLES = """
const volatile long step = 5;
long total = 100;
long calls;
SEC("socket") int add(void *ctx) { calls++; total += step; return total + 1000 * calls; }
"""
CALLS = """
static noinline long twice(long x) { return x * 2; }
static noinline long more(long x) { return twice(x) + 1; }
SEC("socket") int both(struct { int len; } *ctx)
{ return more(ctx->len) + twice(ctx->len); }
SEC("kprobe/do_nanosleep") int other(void *ctx) { return twice(21); }
"""
LEGACY = """
struct { unsigned type, key_size, value_size, max_entries, map_flags; }
    counts SEC("maps") = { 1, 4, 8, 16, 1 }, others SEC("maps") = { 2, 4, 8, 4, 0 };
SEC("socket") int count(void *ctx)
{
    int key = 2;
    return lookup(&counts, &key) ? 1 : lookup(&others, &key) ? 2 : 3;
}
"""
NESTED = """
struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, long); };
struct { __uint(type, 13); __uint(max_entries, 8); __type(key, long);
    typeof(struct inner) *values[]; } outer SEC(".maps");
SEC("socket") int look(void *ctx) { long key = 1; return lookup(&outer, &key) ? 1 : 0; }
"""
STATIC = """
struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, long); };
static struct inner first SEC(".maps"), second SEC(".maps");
static struct { __uint(type, 12); __uint(max_entries, 2); __uint(key_size, 4);
    typeof(struct inner) *values[]; } outer SEC(".maps") = { .values = { &second, &first } };
SEC("socket") int look(void *ctx)
{
    int key = 1, zero = 0;
    void *map = lookup(&outer, &key);
    long *value = map ? lookup(map, &zero) : 0, *same = lookup(&first, &zero);
    if (value) *value = 8;
    return same ? *same : -1;
}
"""
CALLBACK = """
static long (*loop)(unsigned, void *, void *, unsigned long) = (void *)181;
static long step(unsigned index, long *sum) { *sum += index; return 0; }
SEC("socket") int sum(void *ctx) { long all = 0; loop(5, step, &all, 0); return all; }
"""
PERF = """
struct { __uint(type, 4); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
SEC("socket") int look(void *ctx) { return lookup(&events, ctx) != 0; }
"""


@cache
def compiled(text: str, *flags: str) -> bytes:
    assert CLANG is not None
    with TemporaryDirectory() as folder:
        path = Path(folder, "test.c")
        path.write_text(PRELUDE + text)
        out = path.with_suffix(".o")
        words = [CLANG, "-target", "bpf", "-O2", "-mcpu=v3", *(flags or ("-g",)), "-c"]
        subprocess.run([*words, str(path), "-o", str(out)], check=True, capture_output=True)
        return out.read_bytes()


def run(prog, times=1):
    """r0 of the last of some runs, with a context that begins with the number 5."""
    world = World(Scenario("test", cpus=1), KERNEL)
    maps = [create(definition, world.mem, 1, KERNEL) for definition in prog.maps]
    world.maps.update((made.address, made) for made in maps)
    vm = make(prog, world.mem, maps, engine="interpreter")
    data = struct.pack("<Q", 5) + bytes(184)
    return [world.run(vm, 0, data) for _ in range(times)][-1] & 0xFFFFFFFF


def by_name(text: str, *flags: str):
    return {prog.name: prog for prog in load(compiled(text, *flags), "test")}


# -- Objects of clang


@needs_clang
@pytest.mark.parametrize(
    ("text", "name", "times", "result"),
    [
        (COUNTS + COUNTING, "count", 3, 9),
        (VARIABLES, "add", 2, 2110),
        (CALLS, "both", 1, 21),
        (CALLS, "other", 1, 42),
        (LEGACY, "count", 1, 2),
        (NESTED, "look", 1, 0),
        (CALLBACK, "sum", 1, 10),
    ],
)
def test_a_loaded_program_is_accepted_and_gives_the_right_result(text, name, times, result):
    prog = by_name(text)[name]
    verdict = verify(prog, KERNEL)
    assert verdict.accepted, verdict.log
    assert run(prog, times) == result
    assert prog.license == "GPL"


@needs_clang
def test_variables_are_arrays_of_one_element():
    prog = by_name(VARIABLES)["add"]
    maps = {made.name: made for made in prog.maps}
    key, five, hundred = bytes(4), struct.pack("<q", 5), struct.pack("<q", 100)
    constant = maps["test.rodata"]
    assert constant.init == ((key, five),)
    assert (constant.flags, constant.frozen) == (F_RDONLY_PROG, True)
    assert maps["test.data"] == MapDef("test.data", MapType.ARRAY, 4, 8, 1, init=((key, hundred),))
    assert maps["test.bss"] == MapDef("test.bss", MapType.ARRAY, 4, 8, 1)


@needs_clang
def test_legacy_maps_have_the_fields_of_their_struct():
    prog = by_name(LEGACY)["count"]
    assert set(prog.maps) == {
        MapDef("counts", MapType.HASH, 4, 8, 16, 1),
        MapDef("others", MapType.ARRAY, 4, 8, 4),
    }


@needs_clang
def test_a_map_of_maps_knows_its_inner_map():
    (outer,) = by_name(NESTED)["look"].maps
    assert outer.type is MapType.HASH_OF_MAPS
    assert (outer.key_size, outer.value_size) == (8, 4)
    assert outer.inner == MapDef("outer.inner", MapType.ARRAY, 4, 8, 1, fields=())


@needs_clang
def test_static_maps_are_found_by_their_places():
    progs = load(compiled(STATIC), "test")
    assert results(progs) == {"look": 8}


@needs_clang
def test_perf_event_array_without_entries_gets_one_for_each_cpu():
    (prog,) = load(compiled(PERF), cpus=3)
    assert prog.maps[0].max_entries == 3


@needs_clang
def test_functions_are_appended_in_the_order_of_calls():
    progs = by_name(CALLS)
    assert [each.name for each in progs["both"].subprogs] == ["both", "more", "twice"]
    assert [each.name for each in progs["other"].subprogs] == ["other", "twice"]
    starts = [each.start for each in progs["both"].subprogs]
    assert [each.start for each in progs["both"].func_info] == starts
    assert [each.linkage for each in progs["both"].func_info] == [1, 0, 0]


@needs_clang
def test_lines_are_those_of_the_functions_they_stand_in():
    prog = by_name(CALLS)["both"]
    twice = prog.subprogs[-1].start
    assert "return x * 2" in next(line.text for line in prog.line_info if line.insn > twice)
    first = prog.line_info[0]
    assert (first.insn, Path(first.file).name) == (0, "test.c")
    assert first.text in (PRELUDE + CALLS).splitlines()[first.line - 1]


@needs_clang
def test_an_object_without_btf_has_no_lines_but_runs():
    prog = by_name(CALLS, "-g0")["both"]
    assert prog.line_info == prog.func_info == ()
    assert run(prog) == 21


@needs_clang
def test_maps_without_btf_are_refused():
    with pytest.raises(ObjectError, match="no BTF describes map counts"):
        load(compiled(COUNTS + COUNTING, "-g0"))


# -- Objects made by hand

RETURN = encode(assemble("r0 = 7\nexit"))
KFUNC = encode(assemble("r0 = 7\nexit"))[:8] + b"\x85\x10\0\0\xff\xff\xff\xff" + RETURN[8:]


def test_a_function_is_a_program():
    (prog,) = load(elf(RETURN))
    assert (prog.name, prog.type, prog.license, prog.maps) == (
        "main", ProgType.SOCKET_FILTER, "", ()
    )  # fmt: skip
    assert run(prog) == 7


def test_a_call_of_an_undefined_function_is_one_of_the_kernel():
    (prog,) = load(elf(KFUNC, relocs=[(8, 10, 2)], symbols=[(GLOBAL, 0, 0, 0)]))
    assert prog.kfuncs == ("main",)
    assert (prog.insns[1].src, prog.insns[1].imm) == (2, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "byte 0: not an ELF file"),
        (b"\x7fELF\x02\x02", "byte 5: a big-endian object: only little-endian ones can be loaded"),
        (b"\x7fELF\x01\x01", "byte 4: not a 64-bit little-endian ELF file"),
        (b"\x7fELF\x02\x01", "byte 0: Elf_Ehdr is cut short: the file has 6 bytes"),
        (elf(RETURN, machine=62), "byte 16: not a relocatable object for BPF"),
        (elf(RETURN, "stranger"), 'byte 64: section "stranger" names no program type'),
        (elf(RETURN, ".text"), "byte 0: the object has no programs"),
        (elf(RETURN[:12]), "function main is no row of instructions"),
        (elf(RETURN, symbols=[(FUNC, 1, 8, 8)]), "function main begins inside another"),
        (elf(RETURN, symbols=[(FUNC, 40, 0, 8)]), "symbol in section 40, which is not there"),
        (elf(RETURN, relocs=[(0, 10, 1)]), "relocation 10 of opcode 0xb7"),
        (elf(RETURN, relocs=[(0, 10, 9)]), "relocation against symbol 9 of none"),
        (elf(KFUNC), "main: insn 1 calls no function"),
        (elf(b"\x18".ljust(8, b"\0")), "main ends inside ld_imm64"),
        (elf(b"\x18".ljust(16, b"\0"), relocs=[(0, 1, 2)], symbols=[(GLOBAL, 0, 0, 0)]),
         "main is not defined in this object"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(data, message):
    with pytest.raises(ObjectError) as info:
        load(data)
    assert message in str(info.value)


def with_handlers(*names, symbols=()):
    """An object whose main function is tagged with those that handle its exceptions."""
    w = Writer()
    main = w.type(Kind.FUNC, "main", w.proto(0), parts=1)
    for name in names:
        w.type(Kind.DECL_TAG, f"exception_callback:{name}", main, rest=struct.pack("<i", -1))
    more = [(".text", PROGBITS, ALLOC | EXEC, RETURN), (".BTF", PROGBITS, 0, w.blob())]
    return elf(RETURN, more=more, symbols=symbols)


def test_the_function_that_handles_exceptions_stands_behind_the_others():
    symbols = [(GLOBAL | FUNC, 2, 0, len(RETURN), "handler")]
    (prog,) = load(with_handlers("handler", symbols=symbols))
    assert [(each.name, each.start) for each in prog.subprogs] == [("main", 0), ("handler", 2)]
    assert prog.insns == 2 * tuple(assemble("r0 = 7\nexit"))


@pytest.mark.parametrize(
    ("names", "symbol", "message"),
    [
        (["other"], GLOBAL | FUNC, "main: exception callback other is not there"),
        (["handler"], FUNC, "exception callback handler must be a global non-hidden function"),
        (["handler", "other"], GLOBAL | FUNC, "main: multiple exception callback tags"),
    ],
)
def test_what_cannot_handle_exceptions_is_refused(names, symbol, message):
    symbols = [(symbol, 2, 0, len(RETURN), "handler")]
    with pytest.raises(ObjectError, match=message):
        load(with_handlers(*names, symbols=symbols))


WIDE = struct.pack("<BBhiBBhi", 0x18, 1, 0, 0, 0, 0, 0, 0)


def with_arena(pages, size):
    """An object that loads the place of byte 8 of variables in its arena."""
    arena = struct.pack("<5I", MapType.ARENA, 0, 0, pages, F_MMAPABLE)
    return elf(
        WIDE + RETURN,
        relocs=[(0, 1, 3)],
        symbols=[(GLOBAL | OBJECT, 2, 0, len(arena), "arena"), (GLOBAL | OBJECT, 3, 8, 8, "x")],
        more=[
            ("maps", PROGBITS, ALLOC, arena),
            (".addr_space.1", PROGBITS, ALLOC, bytes(size)),
        ],
    )


@pytest.mark.parametrize(
    ("pages", "size", "imm"), [(10, 16, 9 * 4096 + 8), (2, 8192, 8), (1 << 20, 16, 8 - 4096)]
)
def test_variables_in_an_arena_stand_in_its_last_pages(pages, size, imm):
    (prog,) = load(with_arena(pages, size))
    (arena,) = prog.maps
    assert (arena.type, arena.max_entries, bool(arena.extra)) == (MapType.ARENA, pages, True)
    assert [insn.imm for insn in prog.insns[:2]] == [0, imm]
    assert verify(prog, Kernel.release("7.2")).accepted


def test_variables_that_an_arena_has_no_room_for_are_refused():
    with pytest.raises(ObjectError, match="has 4097 bytes, and the arena 4096"):
        load(with_arena(1, 4097))


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (".addr_space.1", r"\.addr_space\.1 is of 0 arenas"),
        (".jumptables", "jump tables are not supported"),
        ("other", r"there is no map at other \+ 8"),
    ],
)
def test_places_that_are_nothing_to_programs_are_refused(section, message):
    data = elf(
        WIDE + RETURN,
        relocs=[(0, 1, 2)],
        symbols=[(GLOBAL | OBJECT, 2, 8, 8, "x")],
        more=[(section, PROGBITS, ALLOC, bytes(16))],
    )
    with pytest.raises(ObjectError, match=message):
        load(data)
