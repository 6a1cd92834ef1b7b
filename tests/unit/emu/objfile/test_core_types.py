"""Which types of an object and of a kernel are taken for the same.

The rows follow the rules that stand above bpf_core_types_are_compat(), bpf_core_types_match() and
bpf_core_fields_are_compat() in tools/lib/bpf/relo_core.c.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from emu.btf import BtfData, Kind
from emu.objfile.core_types import TooDeep, TypePairs
from tests.btfwriter import Writer

Type = Callable[[Writer], int]


def integer(size: int, *, signed: bool = False, bits: int = 0) -> Type:
    encoding = signed << 24 | bits << 16 | 8 * size
    return lambda w: w.type(Kind.INT, "i", size, rest=struct.pack("<I", encoding))


def pointer(to: Type) -> Type:
    return lambda w: w.type(Kind.PTR, "", to(w))


def array(of: Type, count: int) -> Type:
    return lambda w: w.type(Kind.ARRAY, rest=struct.pack("<III", of(w), 1, count))


def alias(of: Type) -> Type:
    return lambda w: w.type(Kind.TYPEDEF, "alias", w.type(Kind.CONST, "", of(w)))


def composite(kind: int, name: str, **members: Type) -> Type:
    return lambda w: w.struct(kind, name, 8, *((n, make(w), 0) for n, make in members.items()))


def forward(name: str, *, union: bool = False) -> Type:
    return lambda w: w.type(Kind.FWD, name, flag=union)


def enum(name: str, *constants: str, kind: int = Kind.ENUM, size: int = 4) -> Type:
    layout = "<Ii" if kind == Kind.ENUM else "<III"

    def make(w: Writer) -> int:
        rest = b"".join(
            struct.pack(layout, w.name(each), *(5,) * (len(layout) - 2)) for each in constants
        )
        return w.type(kind, name, size, parts=len(constants), rest=rest)

    return make


def function(result: Type, *params: Type) -> Type:
    return lambda w: w.proto(result(w), *(("p", each(w)) for each in params))


def void(_: Writer) -> int:
    return Kind.VOID


INT, UINT, LONG = integer(4, signed=True), integer(4), integer(8, signed=True)
S, S2 = composite(Kind.STRUCT, "s", a=INT), composite(Kind.STRUCT, "s___2", a=INT, b=LONG)
U = composite(Kind.UNION, "s", a=INT)


def pairs(local: Type, target: Type) -> tuple[TypePairs, int, int]:
    first, second = Writer(), Writer()
    ids = local(first), target(second)
    return TypePairs(BtfData(first.blob()), BtfData(second.blob())), *ids


@pytest.mark.parametrize(
    ("local", "target", "expected"),
    [
        (INT, UINT, False),
        (INT, LONG, False),
        (INT, alias(INT), True),
        (S, S2, True),
        (S2, S, False),
        (S, U, False),
        (S, composite(Kind.STRUCT, "t", a=INT), False),
        (composite(Kind.STRUCT, "s", a=S), composite(Kind.STRUCT, "s", a=S2), True),
        (composite(Kind.STRUCT, "s", a=S2), composite(Kind.STRUCT, "s", a=S), False),
        # behind a pointer, names and kinds are enough
        (pointer(S2), pointer(S), True),
        (pointer(S), pointer(U), False),
        (pointer(S), pointer(forward("s")), True),
        (pointer(U), pointer(forward("s")), False),
        (pointer(forward("s", union=True)), pointer(U), True),
        (forward("s"), forward("s"), True),
        (forward("s"), forward("s", union=True), False),
        (forward("s"), S, False),
        (pointer(INT), pointer(void), False),
        (pointer(void), pointer(void), True),
        (pointer(pointer(INT)), pointer(INT), False),
        (array(INT, 3), array(INT, 3), True),
        (array(INT, 3), array(INT, 4), False),
        (array(INT, 3), array(UINT, 3), False),
        # constants by name, whatever their numbers; enumerations of one size
        (enum("e", "A"), enum("e", "B", "A"), True),
        (enum("e", "A___x"), enum("e", "A"), True),
        (enum("e", "A", "C"), enum("e", "B", "A"), False),
        (enum("e", "A", "B"), enum("e", "A"), False),
        (enum("e", "A"), enum("e", "A", kind=Kind.ENUM64, size=8), False),
        (enum("e", "A", size=8), enum("e", "A", kind=Kind.ENUM64, size=8), True),
        (enum("e", "A"), INT, False),
        (function(INT, LONG), function(INT, LONG), True),
        (function(INT, LONG), function(INT, INT), False),
        (function(INT, LONG), function(INT, LONG, LONG), False),
        (function(INT, LONG), function(UINT, LONG), False),
        (pointer(function(void, S)), pointer(function(void, forward("s"))), True),
    ],
)
def test_a_type_matches_one_that_has_all_of_it(local, target, expected):
    comparer, first, second = pairs(local, target)
    assert comparer.match(first, second) is expected


@pytest.mark.parametrize(
    ("local", "target", "expected"),
    [
        (INT, UINT, True),
        (INT, LONG, True),
        (INT, integer(4, bits=3), False),  # a bit-field as compilers once described it
        (S, S2, True),
        (S2, composite(Kind.STRUCT, "t", x=LONG), True),  # callers compare the names
        (S, U, False),
        (forward("s"), S, False),
        (pointer(S), pointer(INT), False),
        (pointer(void), pointer(void), True),
        (array(INT, 3), array(LONG, 4), True),
        (array(INT, 3), array(S, 3), False),
        (enum("e", "A"), enum("e", "B", kind=Kind.ENUM64, size=8), True),
        (function(INT, LONG), function(LONG, INT), True),
        (function(INT, LONG), function(INT), False),
        (function(INT, pointer(S)), function(INT, pointer(INT)), False),
        (function(pointer(S)), function(pointer(INT)), False),
    ],
)
def test_a_type_is_compatible_with_one_of_the_same_make(local, target, expected):
    comparer, first, second = pairs(local, target)
    assert comparer.compatible(first, second) is expected


@pytest.mark.parametrize(
    ("local", "target", "expected"),
    [
        (INT, LONG, True),
        (INT, alias(INT), True),
        (INT, pointer(INT), False),
        (INT, integer(4, bits=3), False),
        (S, U, True),
        (pointer(S), pointer(INT), True),
        (array(INT, 3), array(LONG, 9), True),
        (array(INT, 3), array(pointer(INT), 3), False),
        (enum("e", "A"), enum("e___2", "B"), True),
        (enum("e", "A"), enum("f", "A"), False),
        (enum("", "A"), enum("f", "A"), True),
        (forward("s"), forward("s"), True),
        (forward("s"), forward("t"), False),
        (function(INT), function(INT), False),
    ],
)
def test_a_member_may_stand_for_another(local, target, expected):
    comparer, first, second = pairs(local, target)
    assert comparer.fields_compatible(first, second) is expected


def test_types_that_share_their_parts_are_compared_once():
    def deep(w: Writer) -> int:
        made = INT(w)
        for number in range(30):
            made = w.struct(Kind.STRUCT, f"s{number}", 8, ("a", made, 0), ("b", made, 0))
        return made

    comparer, first, second = pairs(deep, deep)
    assert comparer.match(first, second)


def test_types_that_never_end_are_told():
    def circle(w: Writer) -> int:
        number = w.count + 1
        return w.type(Kind.PTR, "", number)

    comparer, first, second = pairs(circle, circle)
    for compare in (comparer.match, comparer.compatible):
        with pytest.raises(TooDeep):
            compare(first, second)
