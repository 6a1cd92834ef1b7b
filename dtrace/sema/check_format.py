"""printf() and printa(): a format's conversions against the arguments they print.

Source: dt_printf.c, dt_printf_validate and the table of conversions there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.formats import CONVERSIONS, Accepts, FormatError, Piece, parse_format
from dtrace.lang.nodes import Call, Expr, Ident
from dtrace.sema.compat import value_type
from dtrace.sema.idents import AggFunc
from dtrace.types.builtin import (
    BASE_TYPES,
    INT,
    INT64,
    LONG,
    STACK,
    SYMADDR,
    UINT64,
    USYMADDR,
)
from dtrace.types.convert import (
    compatible,
    is_char,
    is_float,
    is_integer,
    is_pointer,
    is_string,
    same,
)
from dtrace.types.model import Array, Type, Typedef, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtrace.sema.context import Context
    from dtrace.sema.symbols import Aggregation


def check_format(
    cx: Context,
    call: Call,
    text: str,
    args: Sequence[Expr | Type],
    *,
    first: int,
    aggregation: Aggregation | None = None,
) -> list[Piece]:
    """The pieces of a format whose conversions all fit their arguments.

    args: what the conversions print: expressions, or for printa() the types of the keys.
    first: how messages number the first of `args`.
    aggregation: printa's first one, whose value `%@` prints; its keys need not all be printed.

    Raises CompileError D_SYNTAX and D_PRINTF_*.
    """
    name = f"{call.name}( )"
    if not text:
        message = f"{name} format string is empty"
        raise cx.error(ErrTag.D_PRINTF_FMT_EMPTY, message, call)
    try:
        pieces = parse_format(text)
    except FormatError as err:
        raise cx.error(ErrTag.D_SYNTAX, str(err), call) from None
    nodes = [arg if isinstance(arg, Expr) else key_node(arg, call) for arg in args]
    used = 0
    for piece in pieces:
        if not piece.conv:
            continue
        for star in _stars(piece):
            _check_star(cx, call, piece, star, nodes, used, first)
            used += 1
        value: Expr
        if piece.at:
            value, what = _value_node(cx, call, aggregation), "aggregating action"
        elif used == len(nodes):
            message = (
                f"{name} prototype mismatch: conversion #{piece.number} (%{piece.name}) "
                "is missing a corresponding value argument"
            )
            raise cx.error(ErrTag.D_PRINTF_ARG_PROTO, message, call)
        else:
            value, what = nodes[used], f"argument #{used + first}"
            used += 1
        conversion = CONVERSIONS[piece.name]
        if not _ACCEPTS[conversion.accepts](cx, value_type(value)):
            message = (
                f"{name} {what} is incompatible with conversion #{piece.number} prototype:\n"
                f"\tconversion: %{piece.name}\n"
                f"\t prototype: {conversion.prototype}\n"
                f"\t  argument: {cx.describe(value)}"
            )
            raise cx.error(ErrTag.D_PRINTF_ARG_TYPE, message, call)
    if aggregation is None and used < len(nodes):
        message = f"{name} prototype mismatch: only {used} arguments required by this format string"
        raise cx.error(ErrTag.D_PRINTF_ARG_EXTRA, message, call)
    return pieces


def key_node(t: Type, at: Expr) -> Expr:
    """A stand-in for a value of type `t`, at the place of `at`."""
    return Ident("", at.span, t)


def _value_node(cx: Context, call: Call, aggregation: Aggregation | None) -> Expr:
    if aggregation is None:
        message = f"%@ conversion requires an aggregation and is not for use with {call.name}( )"
        raise cx.error(ErrTag.D_PRINTF_AGG_CONV, message, call)
    return key_node(UINT64 if aggregation.func is AggFunc.COUNT else INT64, call)


def _stars(piece: Piece) -> list[str]:
    width = ["*"] if piece.width == "*" else []
    return width + ([".*"] if piece.prec == "*" else [])


def _check_star(
    cx: Context, call: Call, piece: Piece, star: str, nodes: list[Expr], used: int, first: int
) -> None:
    # A width or precision that is an argument.
    if used == len(nodes):
        message = (
            f"{call.name}( ) prototype mismatch: conversion #{piece.number} (%{piece.name}) "
            f'is missing a corresponding "{star}" argument'
        )
        raise cx.error(ErrTag.D_PRINTF_DYN_PROTO, message, call)
    if not is_integer(value_type(nodes[used])):
        message = (
            f"{call.name}( ) argument #{used + first} is incompatible with conversion "
            f"#{piece.number} prototype:\n\tconversion: % {star} {piece.name}\n"
            f"\t prototype: int\n\t  argument: {cx.describe(nodes[used])}"
        )
        raise cx.error(ErrTag.D_PRINTF_DYN_TYPE, message, call)


# What conversions accept


def _is_name(t: Type, *names: str) -> bool:
    return getattr(resolve(t), "name", "") in names


def _any_long_long(cx: Context, t: Type) -> bool:
    if _is_name(t, "long long", "signed long long", "unsigned long long"):
        return True
    while isinstance(t, Typedef):
        if t.name in ("int64_t", "uint64_t"):
            return True
        t = t.target
    return False


def _is_string(cx: Context, t: Type) -> bool:
    inner = resolve(t)
    return is_string(t) or (isinstance(inner, Array) and is_char(inner.elem))


def _is_wide_string(cx: Context, t: Type) -> bool:
    inner = resolve(t)
    return isinstance(inner, Array) and is_integer(inner.elem) and inner.elem.size == 4


def _is_address(cx: Context, t: Type) -> bool:
    return is_pointer(t) or is_integer(t)


def _like(name: str) -> Callable[[Context, Type], bool]:
    wanted = BASE_TYPES[name]
    return lambda cx, t: compatible(t, wanted)


_ACCEPTS: dict[Accepts, Callable[[Context, Type], bool]] = {
    Accepts.INTEGER: lambda cx, t: is_integer(t),
    Accepts.CHAR: lambda cx, t: is_integer(t) and t.size <= INT.size,
    Accepts.SHORT: _like("short"),
    Accepts.USHORT: _like("unsigned short"),
    Accepts.ANY_SHORT: lambda cx, t: _is_name(t, "short", "signed short", "unsigned short"),
    Accepts.LONG: _like("long"),
    Accepts.ULONG: _like("unsigned long"),
    Accepts.ANY_LONG: lambda cx, t: _is_name(t, "long", "signed long", "unsigned long"),
    Accepts.ANY_LONG_LONG: _any_long_long,
    Accepts.WIDE_CHAR: _like("int"),
    Accepts.WIDE_STRING: _is_wide_string,
    Accepts.FLOAT: lambda cx, t: is_float(t),
    Accepts.LONG_DOUBLE: _like("long double"),
    Accepts.ADDRESS: _is_address,
    Accepts.KERNEL_SYMBOL: lambda cx, t: _is_address(cx, t) or same(t, SYMADDR),
    Accepts.USER_SYMBOL: lambda cx, t: (
        same(t, USYMADDR) or (cx.options.process and _is_address(cx, t))
    ),
    Accepts.STACK: lambda cx, t: same(t, STACK),
    Accepts.STRING: _is_string,
    Accepts.TIME: lambda cx, t: is_integer(t) and t.size == LONG.size,
}
