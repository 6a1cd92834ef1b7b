"""The types that D has before any declaration: C's, the usual typedefs, and D's own.

Sizes are LP64.  The names are those that DTrace prints (dt_open.c's tables of intrinsics and
typedefs), so `unsigned` and `unsigned int` are two types that only differ in name.
"""

from __future__ import annotations

from typing import NamedTuple

from dtrace.types.model import Dynamic, Float, Function, Int, Pointer, String, Type, Typedef, Void


class _IntRow(NamedTuple):
    name: str
    size: int  # bytes
    signed: bool


_INTS = (
    _IntRow("signed", 4, True),
    _IntRow("unsigned", 4, False),
    _IntRow("char", 1, True),
    _IntRow("short", 2, True),
    _IntRow("int", 4, True),
    _IntRow("long", 8, True),
    _IntRow("long long", 8, True),
    _IntRow("signed char", 1, True),
    _IntRow("signed short", 2, True),
    _IntRow("signed int", 4, True),
    _IntRow("signed long", 8, True),
    _IntRow("signed long long", 8, True),
    _IntRow("unsigned char", 1, False),
    _IntRow("unsigned short", 2, False),
    _IntRow("unsigned int", 4, False),
    _IntRow("unsigned long", 8, False),
    _IntRow("unsigned long long", 8, False),
    _IntRow("_Bool", 1, False),
)

# Declared, never computed with.
_FLOATS = (
    ("float", 4),
    ("double", 8),
    ("long double", 16),
    ("float imaginary", 4),
    ("double imaginary", 8),
    ("long double imaginary", 16),
    ("float complex", 8),
    ("double complex", 16),
    ("long double complex", 32),
)

# Typedef and the type it names.  The second half are names that DTrace takes from the kernel and
# that its own builtin variables and functions use.
_TYPEDEFS = (
    ("int8_t", "signed char"),
    ("int16_t", "short"),
    ("int32_t", "int"),
    ("int64_t", "long"),
    ("intptr_t", "long"),
    ("ssize_t", "long"),
    ("uint8_t", "unsigned char"),
    ("uint16_t", "unsigned short"),
    ("uint32_t", "unsigned"),
    ("uint64_t", "unsigned long"),
    ("uchar_t", "unsigned char"),
    ("ushort_t", "unsigned short"),
    ("uint_t", "unsigned"),
    ("ulong_t", "unsigned long"),
    ("u_longlong_t", "unsigned long long"),
    ("ptrdiff_t", "long"),
    ("uintptr_t", "unsigned long"),
    ("size_t", "unsigned long"),
    ("id_t", "int"),
    ("pid_t", "int"),
    ("uid_t", "unsigned int"),
    ("gid_t", "unsigned int"),
    ("dev_t", "unsigned int"),
    ("mode_t", "unsigned short"),
    ("off_t", "long"),
    ("loff_t", "long long"),
    ("time_t", "long"),
    ("clock_t", "long"),
    ("ipaddr_t", "unsigned int"),
    ("processorid_t", "int"),
    ("psetid_t", "int"),
    ("chipid_t", "int"),
    ("lgrp_id_t", "int"),
)

VOID = Void()
DYNAMIC = Dynamic()  # what has no value of its own
SYMADDR = Dynamic("_symaddr", 8)  # what sym(), func() and mod() record
USYMADDR = Dynamic("_usymaddr", 16)  # what usym(), ufunc(), umod() and uaddr() record
STACK = Dynamic("dt_stack_t", 1032)  # what stack() and ustack() record: 127 frames and two words
FUNCTION = Function(VOID, (), varargs=True)
FUNCTION_POINTER = Pointer(FUNCTION)

BASE_TYPES: dict[str, Type] = {
    "void": VOID,
    **{row.name: Int(row.name, row.size, row.signed) for row in _INTS},
    **{name: Float(name, size) for name, size in _FLOATS},
}
TYPEDEFS: dict[str, Type] = {
    **{name: Typedef(name, BASE_TYPES[target]) for name, target in _TYPEDEFS},
    "_symaddr": SYMADDR,
    "_usymaddr": USYMADDR,
    "dt_stack_t": STACK,
}

CHAR = BASE_TYPES["char"]
INT = BASE_TYPES["int"]
LONG = BASE_TYPES["long"]
INT64 = TYPEDEFS["int64_t"]
UINT64 = TYPEDEFS["uint64_t"]
SIZE = TYPEDEFS["size_t"]
PTRDIFF = TYPEDEFS["ptrdiff_t"]

# The lexer's short names of the types of integer constants (dt_parser.c, dt_node_int).
LITERALS: dict[str, Type] = {
    "int": INT,
    "uint": BASE_TYPES["unsigned int"],
    "long": LONG,
    "ulong": BASE_TYPES["unsigned long"],
    "llong": BASE_TYPES["long long"],
    "ullong": BASE_TYPES["unsigned long long"],
}


def string_type(strsize: int) -> String:
    """D's `string` where strings take `strsize` bytes."""
    return String(strsize)
