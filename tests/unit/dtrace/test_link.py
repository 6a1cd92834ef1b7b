"""Linking: functions, labels, maps, areas and lines to one program, and what does not fit."""

from __future__ import annotations

import pytest

from dtrace.bpf.code import Area, Code, Label, MapRef, MapValue, PcRef, VReg
from dtrace.codegen import state
from dtrace.codegen.passes import finish
from dtrace.codegen.record import Kind
from dtrace.diag import CompileError
from dtrace.link.link import Linked, Linker
from dtrace.link.maps import Offsets
from emu.isa.disasm import disassemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef
from tests.dprogram import NEWEST, OLDEST, build

KERNEL = Kernel.release(NEWEST)
MAPS = {name: MapDef(name, MapType.ARRAY, 4, 64, 1) for name in ("first", "second")}


def link(*codes: Code, scratch: int = 0, record: int = 0) -> Linked:
    """A program whose main function is the first of `codes`."""
    functions = {code.name: finish(code, KERNEL) for code in codes}
    main = functions.pop(codes[0].name)
    linker = Linker(MAPS, Offsets(scratch, record, record), KERNEL)
    return linker.link(main.name, ProgType.KPROBE, main, functions.get)


def lines(linked: Linked) -> list[str]:
    return list(disassemble(linked.prog.insns))


def test_jumps_count_wide_instructions_twice() -> None:
    code = Code("main", params=1)
    l_end = Label("end")
    code.jump("jeq", code.params[0], 0, l_end)
    code.helper("map_lookup_elem", MapRef("first"), code.params[0])
    code.bind(l_end)
    code.ret(0)
    assert lines(link(code))[0].endswith("goto pc+4")


def test_maps_are_numbered_in_order_of_use_and_named_once() -> None:
    code = Code("main", params=1)
    for name in ("second", "first", "second"):
        code.helper("map_lookup_elem", MapRef(name), code.params[0])
    code.ret(0)
    linked = link(code)
    assert [m.name for m in linked.prog.maps] == ["second", "first"]
    loads = [line for line in lines(linked) if "map[" in line]
    assert [line.split("map[")[1][0] for line in loads] == ["0", "1", "0"]


def test_areas_are_added_to_offsets_and_to_numbers() -> None:
    code = Code("main", params=1)
    (mem,) = code.params
    code.emit("stw", mem, off=4, imm=7, ref=Area.RECORD)
    code.ret(code.address(mem, 8, Area.SCRATCH))
    text = lines(link(code, scratch=100, record=200))
    assert "*(u32 *)(r1 +204) = 7" in text[0]
    assert any(line.endswith("+= 108") for line in text)


def test_an_instruction_may_ask_for_its_own_index() -> None:
    code = Code("main", params=1)
    code.emit("stw", code.params[0], off=0, imm=0)
    code.emit("stw", code.params[0], off=4, ref=PcRef())
    code.ret(0)
    assert lines(link(code))[1].endswith("= 1")


def test_the_address_of_a_map_value_is_loaded_with_its_offset() -> None:
    code, reg = Code("main"), VReg()
    code.emit("ld_imm64", reg, ref=MapValue("first", 24))
    code.ret(reg)
    insns = link(code).prog.insns
    assert (insns[0].src, insns[0].imm, insns[1].imm) == (2, 0, 24)


def test_called_functions_follow_once_each() -> None:
    main, leaf = Code("main", params=1), Code("leaf", params=1)
    main.func("leaf", main.params[0])
    main.func("leaf", main.params[0])
    main.ret(0)
    leaf.ret(0)
    linked = link(main, leaf)
    assert [(s.name, s.start) for s in linked.prog.subprogs] == [("main", 0), ("leaf", 7)]
    calls = [i for i, insn in enumerate(linked.prog.insns) if insn.code == 0x85 and insn.src == 1]
    assert [i + 1 + linked.prog.insns[i].imm for i in calls] == [7, 7]


# --- Whole programs -------------------------------------------------------------------------------


def test_lines_are_those_of_the_d_source() -> None:
    prog = build("BEGIN\n{\n\tx = 1;\n\ttrace(x);\n}\n").prog
    assert {(info.line, info.text.strip()) for info in prog.line_info} >= {
        (3, "x = 1;"),
        (4, "trace(x);"),
    }
    assert {info.file for info in prog.line_info} == {"test.d", "<built in>"}


def test_names_that_share_fifteen_characters_have_maps_of_their_own() -> None:
    made = build(
        "BEGIN { self->a_very_long_name_one = 1; self->a_very_long_name_two = 2;"
        " self_x[1] = 1; self->x = 2; @x = count(); global_y[1] = 1; y[1] = 2; }"
    )
    assert len({m for m in made.build.maps if m.startswith(("self_", "global_", "agg_"))}) == 7


def test_clauses_of_system_calls_share_a_program_from_five_calls_on() -> None:
    few = "syscall::read:entry, syscall::write:entry { @ = count(); }"
    many = "syscall::read:entry, syscall::write:entry, syscall::open:entry, syscall::close:entry,"
    assert len(build(few).build.programs) == 2
    assert len(build(f"{many} syscall::lseek:entry {{ @ = count(); }}").build.programs) == 1


def texts(text: str) -> list[str]:
    """The instructions of each program."""
    programs = build(text).build.programs
    return ["\n".join(disassemble(built.prog.insns)) for built in programs]


def test_errno_is_cleared_by_every_probe_that_shows_it() -> None:
    """Else a timer would show what the last system call on its CPU left."""
    clear = f"+{state.ERRNO}) = 0"
    assert all(clear in text for text in texts("syscall::read:return, tick-1s { trace(errno); }"))
    assert all(clear not in text for text in texts("syscall::read:return { trace(arg0); }"))


def test_errno_is_set_for_error_clauses_too() -> None:
    assert (
        f"+{state.ERRNO}) = 0"
        in texts("syscall::read:return { trace(*(int *)arg0); } ERROR { trace(errno); }")[0]
    )


def test_a_system_call_s_record_is_not_read_behind_its_parameters() -> None:
    """The kernel refuses to attach a program that does: read() has three."""
    (text,) = texts("syscall::read:entry { trace(arg2); trace(arg3); }")
    assert "(r6 +32)" in text
    assert "(r6 +40)" not in text


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ("{ @ = count(); }", 120),
        ("{ @[execname] = count(); }", 200),
        ("{ @[pid] = count(); }", 200),
        ('{ printf("%d", arg0); }', 80),
    ],
)
@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_usual_clauses_are_short(release: str, body: str, limit: int) -> None:
    assert len(build(f"syscall::read:entry {body}", release).prog.insns) <= limit


# --- Layouts --------------------------------------------------------------------------------------


def test_a_key_has_room_for_the_longest_name_only() -> None:
    made = build(
        "syscall::read:entry, syscall::pread64:entry { @[probefunc, execname] = count(); }"
    )
    (layout,) = made.build.layout.aggs.values()
    assert [datum.size for datum in layout.keys] == [8, 16]
    assert made.build.maps["agg__"].key_size == 32


def test_a_keyed_aggregation_has_an_element_for_each_cpu() -> None:
    made = build("BEGIN { @[pid] = count(); }", aggsize="1024")
    layout, definition = made.build.layout.aggs[1], made.build.maps["agg__"]
    cpus = made.kernel.possible_cpus()
    assert (layout.key_size, layout.cpus) == (8, cpus)
    assert (definition.type, definition.key_size) == (MapType.HASH, 16)
    assert definition.max_entries == 1024 // 24 * cpus


def test_a_value_too_large_for_per_cpu_memory_is_an_array_element() -> None:
    made = build("BEGIN { @s = lquantize(1, 0, 4000); @l = lquantize(1, 0, 5000); }").build
    small, large = made.layout.aggs[1], made.layout.aggs[2]
    assert (small.cpus, made.maps["agg_s"].type) == (0, MapType.PERCPU_ARRAY)
    assert (large.cpus > 0, made.maps["agg_l"].type) == (True, MapType.ARRAY)
    assert made.maps["agg_l"].max_entries == large.cpus


def test_a_char_array_as_key_is_bytes() -> None:
    made = build("char c[5]; BEGIN { @[c, 1] = count(); }").build
    first, second = made.layout.aggs[1].keys
    assert (first.kind, first.size, second.offset) == (Kind.BYTES, 5, 8)


# --- What does not fit ----------------------------------------------------------------------------


def refusal(text: str, release: str = NEWEST, **options: str) -> str:
    """What the compiler says about a program that is right and too large."""
    with pytest.raises(CompileError) as error:
        build(text, release, **options)
    return error.value.message


def test_too_much_memory_on_each_cpu_is_an_error_that_says_what_it_is_for() -> None:
    message = refusal('BEGIN { x = "a"; printf("%s %s", x, x); }', strsize="16k")
    assert f"the kernel gives {state.PER_CPU_MAX}" in message
    assert "strsize" in message


def test_a_key_too_long_for_an_old_kernel_is_an_error() -> None:
    text = "string s; BEGIN { self->a[s, s] = 1; }"
    assert refusal(text, "5.10").startswith("key of self->a takes 520 bytes, and kernel 5.10")
    build(text, "5.15")


def test_a_value_larger_than_any_map_allows_is_an_error() -> None:
    assert refusal("int a[2000000]; BEGIN { a[1] = 1; }").startswith("global variables, a with")


def test_more_maps_than_a_program_may_use_is_an_error() -> None:
    assigned = " ".join(f"self->v{i} = 1;" for i in range(70))
    assert "maps, and kernel 7.3 allows 64" in refusal(f"BEGIN {{ {assigned} }}")


def test_more_instructions_than_a_kernel_allows_is_an_error() -> None:
    text = "BEGIN { " + "x = pid / 3 % 5;" * 300 + " }"
    assert "kernel 4.18 allows 4096" in refusal(text, "4.18")
    build(text, "5.4")


def test_more_stack_than_there_is_is_an_error() -> None:
    text = "BEGIN { x = pid; y = " + "(x + 1) * (" * 80 + "x" + ")" * 80 + "; }"
    assert "bytes of stack" in refusal(text)
