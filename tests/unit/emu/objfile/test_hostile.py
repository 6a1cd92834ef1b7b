"""Files that are cut short, damaged or made to do harm: an ObjectError, in time, nothing else."""

from __future__ import annotations

import struct
import time
import tracemalloc
from contextlib import suppress

import pytest

from emu.btf import Kind
from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.objfile import load
from tests.btfwriter import Writer
from tests.elfwriter import ALLOC, EXEC, FUNC, GLOBAL, NOBITS, OBJECT, PROGBITS, REL, WRITE, elf
from tests.objects import BTF, content, outcome

pytest.importorskip("elftools", reason="objects need pyelftools")

RETURN = encode(assemble("r0 = 7\nexit"))
LOAD = struct.pack("<BBhiBBhi", 0x18, 1, 0, 0, 0, 0, 0, 0)
SECONDS, BYTES = 5, 64 << 20  # more than any object of these sizes may take


def refused(data: bytes, btf: bytes | None = None) -> str:
    """The error's text, which must come in time and with little memory."""
    tracemalloc.start()
    start = time.monotonic()
    try:
        error = outcome(data, btf)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < SECONDS
    assert peak < BYTES
    return str(error)


def patched(data: bytes, at: int, layout: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(f"<{layout}", changed, at, *values)
    return bytes(changed)


# -- Damage


@pytest.mark.parametrize("name", ["fields.gcc16.o", "jumps.clang19.o", "config.clang14.o"])
def test_a_file_that_is_cut_short_anywhere_is_refused(name):
    data = content(name)
    for length in range(0, len(data), 7):
        assert outcome(data[:length]) is not None
    assert outcome(data[:-1]) is not None


def test_types_of_a_kernel_that_are_cut_short_are_refused():
    whole = BTF.read_bytes()
    for length in range(0, len(whole), 7):
        assert outcome(content("fields.clang19.o"), whole[:length] or b"\0") is not None


# -- Malice


def test_sections_without_number_and_without_end_are_refused():
    data = elf(RETURN)
    assert "a file without sections" in refused(patched(data, 60, "H", 0))
    assert "a file without sections" in refused(patched(data, 58, "HH", 0, 0))
    assert "Elf_Shdr is cut short" in refused(patched(data, 60, "H", 0xFFFF))
    assert "section headers of 0 bytes" in refused(patched(data, 58, "H", 0))
    assert "Elf_Shdr is cut short" in refused(patched(data, 40, "Q", (1 << 64) - 1))
    headers = struct.unpack_from("<Q", data, 40)[0]
    first = headers + 64
    assert "a section ends at byte" in refused(patched(data, first + 32, "Q", 1 << 63))
    assert "a section ends at byte" in refused(patched(data, first + 24, "Q", (1 << 64) - 1))


def test_sections_in_the_same_bytes_are_refused():
    data = elf(RETURN, more=[("socket", PROGBITS, ALLOC | EXEC, bytes(16))])
    headers, place = struct.unpack_from("<Q", data, 40)[0], 64
    assert "begins inside another" in refused(patched(data, headers + 2 * 64 + 24, "Q", place))


def test_large_variables_take_no_memory():
    (prog,) = load(patched_bss(0xFFFF0000), optional=True)
    assert prog.maps[0].value_size == 0xFFFF0000
    assert "bytes" in refused(patched_bss(1 << 40))


def patched_bss(size: int) -> bytes:
    data = elf(RETURN, more=[(".bss", NOBITS, ALLOC | WRITE, b"")])
    headers = struct.unpack_from("<Q", data, 40)[0]
    return patched(data, headers + 2 * 64 + 32, "Q", size)


def test_strings_that_share_their_bytes_are_refused():
    table = b"x" * 4000 + b"\0"
    symbols = b"".join(
        struct.pack("<IBBHQQ", at % 4000, GLOBAL | OBJECT, 0, 1, 0, 0) for at in range(9000)
    )
    data = elf(RETURN, more=[("more", PROGBITS, 0, table), ("symbols", PROGBITS, 0, symbols)])
    headers = struct.unpack_from("<Q", data, 40)[0]
    data = patched(data, headers + 4 * 64 + 4, "I", PROGBITS)  # .symtab is none any more
    data = patched(data, headers + 3 * 64 + 4, "I", 2)
    data = patched(data, headers + 3 * 64 + 40, "I", 2)
    assert "overlap too often" in refused(data)


def test_programs_that_share_a_large_function_are_refused():
    many, large = 2000, 20000
    call = struct.pack("<BBhi", 0x85, 0x10, 0, -1)
    code = (call + RETURN[8:]) * many
    body = encode(assemble("r0 = 1\n" * large + "exit"))
    symbols = [(FUNC | GLOBAL, 1, 16 * n, 16, f"p{n}") for n in range(1, many)]
    symbols.append((FUNC | GLOBAL, 2, 0, len(body), "large"))
    data = elf(
        code,
        symbols=symbols,
        relocs=[(16 * n, 10, many + 1) for n in range(many)],
        more=[(".text", PROGBITS, ALLOC | EXEC, body)],
    )
    headers, table = struct.unpack_from("<Q", data, 40)[0], 3
    at = struct.unpack_from("<Q", data, headers + table * 64 + 24)[0]
    data = patched(data, at + 24 + 16, "Q", 16)  # main is the first of the many
    start = time.monotonic()
    assert "programs of more than 4000000 instructions" in str(outcome(data))
    assert time.monotonic() - start < SECONDS


def with_btf(w: Writer, *, maps: bool = True) -> bytes:
    """An object with these types, and a map that is called `m`."""
    more = [(".maps", PROGBITS, ALLOC | WRITE, bytes(64)), (".BTF", PROGBITS, 0, w.blob())]
    return elf(RETURN, more=more, symbols=[(GLOBAL | OBJECT, 2, 0, 64, "m")] if maps else [])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Kind.TYPEDEF, "refers to itself"),
        (Kind.CONST, "refers to itself"),
        (Kind.PTR, "map m is not a struct"),
        (Kind.ARRAY, "map m is not a struct"),
        (Kind.FUNC, "map m is not a struct"),
    ],
)
def test_variables_of_types_without_end_are_refused(kind, message):
    w = Writer()
    rest = struct.pack("<III", 1, 1, 1) if kind == Kind.ARRAY else b""
    w.type(kind, "", 1, rest=rest)
    w.type(Kind.VAR, "m", 1, rest=struct.pack("<I", 1))
    assert message in refused(with_btf(w))


def test_a_property_of_a_type_without_end_is_refused():
    w = Writer()
    w.type(Kind.ARRAY, rest=struct.pack("<III", 1, 1, 1 << 31))
    pointer = w.type(Kind.PTR, "", 1)
    w.type(Kind.VAR, "m", w.struct(Kind.STRUCT, "", 8, ("key", pointer, 0)), rest=bytes(4))
    assert "refers to itself" in refused(with_btf(w))


def test_elements_that_are_too_large_are_refused():
    w = Writer()
    int_ = w.integer("int", 4, signed=True)
    for _ in range(30):
        int_ = w.type(Kind.ARRAY, rest=struct.pack("<III", int_, int_, 0xFFFFFFFF))
    pointer = w.type(Kind.PTR, "", int_)
    w.type(Kind.VAR, "m", w.struct(Kind.STRUCT, "", 8, ("value", pointer, 0)), rest=bytes(4))
    assert "map m has elements of" in refused(with_btf(w))


def test_maps_inside_maps_inside_maps_are_refused():
    w = Writer()
    struct_, values = 3, w.type(Kind.ARRAY, rest=struct.pack("<III", 2, 2, 0))
    w.type(Kind.PTR, "", struct_)
    assert w.struct(Kind.STRUCT, "", 8, ("values", values, 0)) == struct_
    w.type(Kind.VAR, "m", struct_, rest=bytes(4))
    assert "map m.inner has a property values" in refused(with_btf(w))


@pytest.mark.parametrize(
    ("at", "values", "message"),
    [
        (0, (0xEB9F, 2, 0), "BTF version 2"),
        (0, (0x9FEB, 1, 0), "big-endian BTF"),
        (0, (0x1234, 1, 0), "not BTF"),
    ],
)
def test_btf_of_another_kind_is_refused(at, values, message):
    w = Writer()
    w.integer("int", 4, signed=True)
    data = with_btf(w, maps=False)
    assert message in refused(patched(data, data.index(w.blob()) + at, "HBB", *values))


def test_btf_parts_outside_their_section_are_refused():
    w = Writer()
    w.integer("int", 4, signed=True)
    data = with_btf(w, maps=False)
    at = data.index(w.blob())
    for field in (4, 8, 12, 16, 20):  # header length; type and string offset and length
        for value in (0xFFFFFFFF, 1 << 31, 1000):
            assert "damaged" in refused(patched(data, at + field, "I", value))


def test_sections_of_variables_that_are_not_there_are_refused():
    w = Writer()
    w.type(Kind.DATASEC, ".ksyms", 0, parts=1, rest=struct.pack("<III", 9, 0, 0))
    assert "there is no type 9" in refused(with_btf(w, maps=False))


def test_kernel_configuration_of_many_bytes_is_refused():
    w = Writer()
    char = w.integer("char", 1, signed=True)
    text = w.type(Kind.ARRAY, rest=struct.pack("<III", char, char, 0xFFFFFFFF))
    name = w.type(Kind.VAR, "CONFIG_X", text, rest=bytes(4))
    rest = struct.pack("<III", name, 0, 0)
    w.type(Kind.DATASEC, ".kconfig", 0, parts=1, rest=rest)
    data = elf(RETURN, more=[(".BTF", PROGBITS, 0, w.blob())],
               symbols=[(GLOBAL, 0, 0, 0, "CONFIG_X")])  # fmt: skip
    assert ".kconfig variables of 4294967295 bytes" in refused(data)


@pytest.mark.parametrize("kind", [0, 2, 3, 4, 11, 255, 0xFFFFFFFF])
def test_relocations_of_other_kinds_are_refused(kind):
    with suppress(struct.error):
        data = elf(LOAD + RETURN, relocs=[(0, kind, 1)])
        assert f"relocation {kind} of opcode 0x18" in refused(data)


def test_relocations_against_nothing_are_refused():
    assert "relocation against symbol 7 of none" in refused(elf(LOAD + RETURN, relocs=[(0, 1, 7)]))
    inside = elf(LOAD + RETURN, relocs=[(8, 1, 1)])  # the second half of ld_imm64
    assert outcome(inside) is None
    assert "section 200, which is not there" in refused(
        elf(LOAD + RETURN, relocs=[(0, 1, 2)], symbols=[(GLOBAL, 200)])
    )
    absolute = elf(LOAD + RETURN, relocs=[(0, 1, 2)], symbols=[(GLOBAL, 0xFFF1, 8, 8, "abs")])
    assert "abs is not defined in this object" in refused(absolute)


@pytest.mark.parametrize("offset", [4, 1 << 31, 0xFFFFFFFF])
def test_places_outside_variables_are_told(offset):
    data = elf(
        LOAD + RETURN,
        relocs=[(0, 1, 2)],
        symbols=[(GLOBAL | OBJECT, 2, offset, 4, "x")],
        more=[(".data", PROGBITS, ALLOC | WRITE, bytes(4))],
    )
    error = outcome(data)
    assert (error is None) == (offset == 4)  # one past the end is for verifiers to judge


def test_a_second_symbol_table_is_refused():
    data = elf(RETURN, more=[("again", 2, 0, bytes(24))])
    assert "a second symbol table" in refused(data)


def test_relocations_of_no_section_are_not_read():
    garbage = elf(RETURN, more=[(".relx", REL, 0, b"\xff" * 16)])
    assert outcome(garbage) is None
