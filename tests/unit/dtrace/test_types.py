"""Types: layout, conversions, printing, names; probe descriptions; the D library."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

import pytest

from dtrace.dlibs.load import FOLDER, find, read
from dtrace.lang.decls import Declaration, InlineDecl, TranslatorDecl
from dtrace.lang.nodes import IntLit
from dtrace.lang.parser import parse
from dtrace.probes.desc import Begin, Probe, ProbeDesc
from dtrace.probes.match import BadDescription, matches, parse_description
from dtrace.types.builtin import BASE_TYPES, TYPEDEFS, string_type
from dtrace.types.convert import compatible, promote, same, type_name
from dtrace.types.layout import add_member, align_of, find_member, finish
from dtrace.types.model import Array, Enum, Pointer, Struct, Type
from dtrace.types.scope import TypeScope

if TYPE_CHECKING:
    from types import ModuleType

SCOPE = TypeScope(string_type(256))


def c(text: str) -> Type:
    """A type by name."""
    t = SCOPE.parse(text)
    assert t is not None
    return t


def struct(*members: tuple[str, str] | tuple[str, str, int], kind: str = "struct") -> Struct:
    """A struct of (type, name) and (type, name, bits)."""
    made = Struct(kind, "s")
    for text, name, *bits in members:
        add_member(made, str(name), c(str(text)), *(int(b) for b in bits))
    finish(made)
    return made


# Offsets and sizes as gcc 12 gives them for x86-64.


def test_members_are_aligned_and_the_end_is_padded() -> None:
    s = struct(("char", "a"), ("int", "b"), ("char", "c"), ("long", "d"), ("short", "e"))
    assert [m.offset for m in s.members.values()] == [0, 4, 8, 16, 24]
    assert (s.size, s.align) == (32, 8)


def test_members_of_a_union_all_begin_at_0() -> None:
    u = struct(("char", "a"), ("long", "b"), ("short", "c"), kind="union")
    assert [m.offset for m in u.members.values()] == [0, 0, 0]
    assert (u.size, u.align) == (8, 8)


def test_bit_fields_share_units_until_one_would_cross_a_boundary() -> None:
    s = struct(("int", "a", 3), ("int", "b", 20), ("int", "c", 10), ("int", "d", 22))
    assert [m.bit_offset for m in s.members.values()] == [0, 3, 32, 42]
    assert s.size == 8


def test_an_ordinary_member_begins_at_the_byte_after_a_bit_field() -> None:
    s = struct(("int", "a", 3), ("char", "b"), ("int", "c", 4))
    assert [m.bit_offset for m in s.members.values()] == [0, 8, 16]
    assert s.size == 4


def test_members_of_anonymous_members_are_found_with_their_whole_offset() -> None:
    outer = Struct("struct", "outer")
    add_member(outer, "a", c("int"))
    add_member(outer, "", struct(("int", "x"), ("int", "y")))
    finish(outer)
    found = find_member(outer, "y")
    assert found is not None
    assert (found[0].name, found[1]) == ("y", 8)
    assert find_member(outer, "z") is None


@pytest.mark.parametrize(
    ("t", "align"),
    [(c("char"), 1), (c("long double"), 16), (Pointer(c("char")), 8), (Array(c("short"), 3), 2)],
)
def test_alignment(t: Type, align: int) -> None:
    assert align_of(t) == align


# Conversions


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ("char", "char", "char"),
        ("char", "int", "int"),
        ("int", "unsigned int", "unsigned int"),
        ("unsigned int", "int", "unsigned int"),
        ("unsigned int", "long", "long"),
        ("long", "long long", "long"),
        ("pid_t", "int", "pid_t"),
        ("int", "pid_t", "int"),
    ],
)
def test_the_wider_then_the_unsigned_then_the_left_type_wins(
    left: str, right: str, result: str
) -> None:
    assert type_name(promote(c(left), c(right))) == result


def test_an_enum_counts_as_int() -> None:
    assert type_name(promote(Enum("e"), c("char"))) == "int"


@pytest.mark.parametrize(
    ("a", "b", "fit"),
    [
        ("long", "long long", True),
        ("int", "unsigned int", False),
        ("int8_t", "signed char", True),
        ("char *", "char *", True),
        ("char *", "unsigned char *", False),
        ("char *", "int", False),
        ("struct p *", "struct p *", True),
        ("struct p *", "struct q *", False),
    ],
)
def test_compatibility(a: str, b: str, fit: bool) -> None:
    assert compatible(c(a), c(b)) is fit


def test_typedefs_are_looked_through_but_types_of_one_encoding_differ() -> None:
    assert same(c("int64_t"), c("long"))
    assert not same(c("long long"), c("long"))


# Names


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (c("unsigned long"), "unsigned long"),
        (c("uint32_t"), "uint32_t"),
        (c("struct p *"), "struct p *"),
        (c("char **"), "char **"),
        (Array(c("char"), 16), "char [16]"),
        (Array(Array(c("int"), 4), 3), "int [3][4]"),
        (Array(Pointer(c("int")), 3), "int *[3]"),
        (Pointer(Array(c("int"), 3)), "int (*)[3]"),
        (Pointer(c("char"), user=True), "char *"),
        (c("string"), "string"),
        (c("const char *"), "char *"),
    ],
)
def test_types_are_printed_as_dtrace_prints_them(t: Type, text: str) -> None:
    assert type_name(t) == text


@pytest.mark.parametrize("name", [*BASE_TYPES, *TYPEDEFS])
def test_every_builtin_type_is_found_by_its_name(name: str) -> None:
    assert SCOPE.parse(name) is not None


def test_an_unknown_name_is_no_type() -> None:
    assert SCOPE.parse("nosuch_t *") is None


@pytest.mark.parametrize(
    ("name", "size"), [("int8_t", 1), ("uint16_t", 2), ("pid_t", 4), ("size_t", 8)]
)
def test_sizes_are_those_of_lp64(name: str, size: int) -> None:
    assert TYPEDEFS[name].size == size


# Probe descriptions

PROBE = Probe(7, "syscall", "vmlinux", "read", "entry", Begin())


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        ("BEGIN", ProbeDesc(name="BEGIN")),
        ("read:entry", ProbeDesc(function="read", name="entry")),
        ("vmlinux:read:entry", ProbeDesc("", "vmlinux", "read", "entry")),
        ("syscall::read:", ProbeDesc("syscall", "", "read", "")),
        (":::", ProbeDesc()),
        (":a:b:c:d", ProbeDesc("a", "b", "c", "d")),
    ],
)
def test_fields_are_filled_from_the_right(text: str, desc: ProbeDesc) -> None:
    assert parse_description(text) == desc


def test_a_shorter_form_has_the_first_fields() -> None:
    assert parse_description("syscall:", 2) == ProbeDesc("syscall")
    assert parse_description("syscall", 1) == ProbeDesc("syscall")
    assert parse_description("vmlinux:read", 3) == ProbeDesc("", "vmlinux", "read")


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(BadDescription, match="Overspecified probe description"):
        parse_description("a:b:c:d:e")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("syscall:vmlinux:read:entry", True),
        ("syscall::*ea?:e[m-o]try", True),
        ("syscall::read:e[!m-o]try", False),
        ("syscall::r[!x]ad:", True),
        ("syscall::\\r\\e\\a\\d:", True),
        ("syscall::\\*:", False),
        ("sys::read:entry", False),
        ("syscall::rea:", False),
        ("", True),
    ],
)
def test_matching(text: str, fits: bool) -> None:
    assert matches(parse_description(text), PROBE) is fits


def test_an_identifier_matches_its_probe_only() -> None:
    assert matches(ProbeDesc(id=7), PROBE)
    assert not matches(ProbeDesc(id=8), PROBE)


# The D library


def test_every_library_file_compiles_and_is_found_by_each_of_its_names() -> None:
    files = [name for name in os.listdir(FOLDER) if name.endswith(".d")]
    assert files
    for file in files:
        # Types of other files and of D itself end in _t.
        tree = parse(read(file), known_types=lambda name: name.endswith("_t"))
        for item in tree.items:
            if isinstance(item, InlineDecl):
                assert find(item.declarator.name) == file
            elif isinstance(item, Declaration):
                assert [find(declarator.name) for declarator in item.declarators] == [file]
            else:
                assert isinstance(item, TranslatorDecl)


@pytest.mark.parametrize("name", [n for n in vars(errno) if n.startswith("E")])
def test_error_numbers_are_the_c_librarys(name: str) -> None:
    assert f"inline int {name} = {getattr(errno, name)};" in read("errno.d").text


@pytest.mark.parametrize(
    ("file", "module"), [("io.d", os), ("ip.d", socket), ("net.d", socket), ("siginfo.d", os)]
)
def test_constants_are_the_c_librarys(file: str, module: ModuleType) -> None:
    found = 0
    for item in parse(read(file)).items:
        if isinstance(item, Declaration):
            continue
        assert isinstance(item, InlineDecl)
        assert isinstance(item.value, IntLit)
        known = getattr(module, item.declarator.name, None)
        assert known in (None, item.value.value), item.declarator.name
        found += known is not None
    assert found >= 2
