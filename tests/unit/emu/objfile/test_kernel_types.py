"""CO-RE: what becomes of instructions that depend on the kernel's types."""

from __future__ import annotations

import struct

import pytest

from emu.btf import BtfData, Kind, essential_name
from emu.isa.insn import decode
from emu.objfile import ObjectError, load
from emu.objfile.btf import BtfExt, ObjectBtf
from emu.objfile.elf import ObjectFile
from emu.objfile.target import Target
from emu.prog import PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from emu.world import kernel_btf
from emu.world.structs import SIZES, STRUCTS
from tests import objects
from tests.btfwriter import Writer
from tests.objects import BTF, COMPILERS, by_name, content, libbpf, programs, results
from verifier_model import verify

pytest.importorskip("elftools", reason="objects need pyelftools")

POISON = (0x85, 0, 0, 0, 195896080)
RELOCATED = [name for name, row in libbpf().items() if row["programs"]]


# -- The same as libbpf


@pytest.mark.parametrize("name", RELOCATED)
def test_instructions_are_those_that_libbpf_makes(name):
    expected = {row["name"]: row for row in libbpf()[name]["programs"]}
    progs = by_name(name)
    assert list(progs) == list(expected)
    for prog in progs.values():
        row = expected[prog.name]
        assert [prog.type, prog.expected_attach_type] == row["facts"]
        maps = {
            at: prog.maps[insn.imm].name
            for at, insn in enumerate(prog.insns)
            if insn.code == 0x18 and insn.src in (PSEUDO_MAP_FD, PSEUDO_MAP_VALUE)
        }
        assert maps == {at: text[:15] for at, text in row["maps"]}
        theirs = decode(bytes.fromhex(row["insns"]))
        same = [a._replace(imm=0) if at in maps else a for at, a in enumerate(prog.insns)]
        assert same == [b._replace(imm=0) if at in maps else b for at, b in enumerate(theirs)]


def test_every_object_has_a_record():
    assert set(libbpf()) == set(objects.NAMES)
    # It looks for kernel symbols in the running kernel only, and fills maps too early for gcc.
    refused = {name for name in objects.NAMES if name not in RELOCATED}
    maps = {"contents.gcc12.o", "contents.gcc16.o"}
    assert refused == maps | {f"symbols.{name}.o" for name in COMPILERS}


# -- What programs see.  The expectations are worked out from kernel.c.


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("source", "values"),
    [
        # pid is in a struct in a union; comm[1]; the second of two links of 16 bytes
        ("fields", {"places": 28 + 100 * 33 + 10000 * 64, "sizes": 4 + 10 * 8 + 100}),
        # level: 5 bits from bit 131, read as 4 bytes at 16, or as 1 byte where gcc says so
        ("poison", {"asked": 7, "there": 1}),
        ("twice", {"same": 5}),
        ("types", {"has": 1 + 100, "sizes": 96 + 4000}),
        ("constants", {"values": 3 - 10, "there": 10, "gone": 9}),
    ],
)
def test_programs_get_the_kernels_places_and_numbers(compiler, source, values):
    progs = [prog for prog in programs(f"{source}.{compiler}.o") if prog.name in values]
    assert [prog.name for prog in progs] == list(values)
    found = results(progs)
    bits = (1 << 32) - 1
    assert {name: value & bits for name, value in found.items()} == {
        name: value & bits for name, value in values.items()
    }


def test_bit_fields_are_read_with_shifts():
    prog = by_name("poison.clang19.o")["bits"]
    left, right = 64 - 8, 64 - 5  # bits 3 to 7 of the 4 bytes at 16
    assert results([prog]) == {"bits": 100 * left + right + 10000 * 16}


def test_a_load_takes_the_kernels_place_and_size():
    loads = by_name("fields.clang19.o")["loads"].insns
    assert [insn.off for insn in loads if insn.code & 7 == 1] == [0, 80, 28]
    resized = by_name("poison.clang19.o")["resized"].insns
    assert (resized[1].code, resized[1].off) == (0x71, 90)  # an unsigned int that is a char there
    assert resized[2] == POISON  # an int that is a short: its sign would be lost


def test_what_the_kernel_does_not_have_is_poison_where_it_is_reached():
    prog = by_name("poison.clang19.o")["asked"]
    assert POISON in prog.insns
    assert verify(prog, objects.KERNEL).accepted
    at = prog.insns.index(POISON)
    verdict = verify(prog._replace(insns=prog.insns[at:], line_info=()), objects.KERNEL)
    assert verdict.message == "invalid func unknown#195896080"
    (line,) = [each for each in prog.line_info if "FIELD(t->gone, OFFSET)" in each.text][:1]
    assert (line.file, line.line) == ("./poison.c", 10)


def test_large_constants_have_64_bits():
    progs = [by_name(f"constants.{name}.o")["huge"] for name in ("clang19", "gcc16")]
    assert [results([prog]) for prog in progs] == [{"huge": 0x123456789ABCDEF}] * 2


def test_a_type_matches_where_the_kernel_has_all_of_it():
    prog = by_name("types.clang19.o")["matches"]
    assert results([prog]) == {"matches": 1}  # struct task___odd has an int for a long


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_world_has_types_for_the_objects_that_run_in_it(compiler):
    progs = programs(f"task.{compiler}.o", btf=kernel_btf.blob())
    assert results(progs) == {"same": 7, "running": 1}


def test_a_worlds_types_are_where_the_world_has_them():
    read = BtfData(kernel_btf.blob())
    for name, members in STRUCTS.items():
        struct_ = read.find(name, (Kind.STRUCT,))
        assert read.size_of(struct_) == SIZES[name]
        for word, member in members.items():
            type_, bits = struct_, 0
            for part in word.split("."):
                type_, offset = read.member(read.stripped(type_), part)
                bits += offset
            assert (bits, read.size_of(type_)) == (8 * member.offset, member.size)


# -- What is refused


def test_types_that_disagree_are_refused():
    with pytest.raises(ObjectError) as info:
        programs("twice.clang19.o", optional=True)
    assert info.value.message == (
        'other: insn 0 (./twice.c:13): CO-RE relocation byte_off of "twice" 0:1: '
        "found at bit 32 and at bit 64"
    )


def test_relocations_need_a_kernels_types():
    with pytest.raises(ObjectError, match="no BTF of a kernel is given"):
        programs("fields.clang19.o", btf=None)
    with pytest.raises(ObjectError, match=r"no-such-file: No such file"):
        programs("fields.clang19.o", btf="/no-such-file")
    with pytest.raises(ObjectError, match="the kernel's not BTF: magic 0x4241"):
        programs("fields.clang19.o", btf=b"ABCD" * 10)
    with pytest.raises(ObjectError, match=r"the kernel's file has no \.BTF"):
        programs("fields.clang19.o", btf=content("fields.clang19.o").replace(b".BTF\0", b".XYZ\0"))


def test_only_relocations_about_local_types_can_do_without():
    prog = by_name("types.clang19.o", btf=BTF)["local"]
    assert prog.insns[0].imm > 0


def test_types_are_taken_from_btf_from_a_file_and_from_a_reader():
    reader = Target(btf=BTF).btf
    first, second = programs("fields.clang19.o"), programs("fields.clang19.o", btf=reader)
    assert first == second == programs("fields.clang19.o", btf=BTF.read_bytes())


# -- Types of kernels, written by hand


@pytest.mark.parametrize("inner", [Kind.STRUCT, Kind.UNION])
def test_members_of_anonymous_members_are_found(inner):
    w = Writer()
    int_ = w.integer("int", 4, signed=True)
    deep = w.struct(inner, "", 8, ("same", int_, 32))
    middle = w.struct(Kind.UNION, "", 8, ("other", int_, 0), ("", deep, 0))
    w.struct(Kind.STRUCT, "twice", 24, ("same2", int_, 0), ("", middle, 128))
    (prog,) = load(content("twice.clang19.o"), btf=w.blob())
    assert results([prog]) == {"same": 16 + 4 + 5}


def test_a_member_of_another_kind_is_not_taken():
    w = Writer()
    pointer = w.type(Kind.PTR, "", 0)
    w.struct(Kind.STRUCT, "twice", 8, ("same", pointer, 0))
    (prog,) = load(content("twice.clang19.o"), btf=w.blob())
    assert prog.insns[0] == POISON


def test_a_member_behind_typedefs_is_taken():
    w = Writer()
    int_ = w.integer("int", 8, signed=True)
    alias = w.type(Kind.TYPEDEF, "number", w.type(Kind.CONST, "", int_))
    w.struct(Kind.STRUCT, "twice___one", 16, ("same", alias, 64))
    w.struct(Kind.STRUCT, "twice_more", 16, ("same", alias, 0))
    (prog,) = load(content("twice.clang19.o"), btf=w.blob())
    assert results([prog]) == {"same": 8 + 5}


def test_the_first_relocation_that_finds_a_type_chooses_it_for_the_others():
    w = Writer()
    int_ = w.integer("int", 4, signed=True)
    text = w.type(Kind.ARRAY, rest=struct.pack("<III", int_, int_, 4))
    pointer = w.type(Kind.PTR, "", 0)
    links = w.type(Kind.ARRAY, rest=struct.pack(
        "<III", w.struct(Kind.STRUCT, "list", 8, ("next", pointer, 0)), int_, 2))  # fmt: skip
    whole = [("comm", text, 64), ("leader", pointer, 320), ("links", links, 384)]
    w.struct(Kind.STRUCT, "task", 64, ("pid", int_, 32), *whole)
    w.struct(Kind.STRUCT, "task___other", 64, ("comm", text, 0))  # it has no pid
    progs = programs("fields.clang19.o", btf=w.blob())
    assert results(progs[:1]) == {"places": 4 + 100 * (8 + 4) + 10000 * (48 + 8)}


def test_a_bit_field_is_read_by_the_smallest_load_that_has_all_of_it():
    w = Writer()
    byte = w.integer("unsigned char", 1, signed=False)
    rest = struct.pack("<III", w.name("level"), byte, 5 << 24 | 22)
    w.type(Kind.STRUCT, "task", 8, parts=1, flag=True, rest=rest)
    prog = by_name("poison.clang19.o", btf=w.blob())["bits"]
    # bits 22 to 26: of the 2 bytes at 2, where they are bits 6 to 10
    assert results([prog]) == {"bits": 10000 * 2 + 100 * (64 - 11) + (64 - 5)}


def test_instructions_must_have_what_the_compiler_meant():
    data = content("twice.clang19.o")
    at = data.index(struct.pack("<BBhi", 0xB7, 0, 0, 0))
    damaged = data[: at + 4] + struct.pack("<i", 9) + data[at + 8 :]
    with pytest.raises(ObjectError, match=r"same: insn 0 .*: the instruction has 9, and not 0"):
        load(damaged, btf=BTF)


def test_relocations_may_come_in_any_order():
    data = content("fields.clang19.o")
    elf = ObjectFile(data)
    types = ObjectBtf(elf, elf.find(".BTF"))
    first, *_, last = BtfExt(elf, elf.find(".BTF.ext"), types).relocs("raw_tp/x", 0, 1000)
    a, b = data[first.at : first.at + 16], data[last.at : last.at + 16]
    turned = data[: first.at] + b + data[first.at + 16 : last.at] + a + data[last.at + 16 :]
    assert load(turned, "fields", btf=BTF) == load(data, "fields", btf=BTF)


@pytest.mark.parametrize(
    ("name", "essential"),
    [("a", "a"), ("a___b", "a"), ("a___b___c", "a___b"), ("a____b", "a____b"), ("___b", "___b"),
     ("a___", "a___"), ("a__b", "a__b")],
)  # fmt: skip
def test_a_flavor_is_what_follows_three_underscores(name, essential):
    assert essential_name(name) == essential


# -- Types without an end


@pytest.mark.parametrize("kind", [Kind.TYPEDEF, Kind.CONST])
def test_types_that_are_made_of_themselves_are_refused(kind):
    w = Writer()
    second = w.count + 2
    w.type(kind, "", second)
    w.type(Kind.VOLATILE, "", second - 1)
    w.struct(Kind.STRUCT, "task", 8, ("pid", second, 0))
    with pytest.raises(ObjectError, match="refers to itself"):
        programs("fields.clang19.o", btf=w.blob())


def test_structs_that_hold_themselves_are_searched_once():
    w = Writer()
    for number in range(60):  # each has the next one three times, without a name
        inner = struct.pack("<III", 0, (number + 1) % 60 + 1, 0)
        w.type(Kind.STRUCT, "twice" if number == 0 else "", 8, parts=3, rest=inner * 3)
    (prog,) = load(content("twice.clang19.o"), btf=w.blob())
    assert prog.insns[0] == POISON
