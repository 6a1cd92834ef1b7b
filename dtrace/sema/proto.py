"""Prototypes of builtin functions: their text read once, and calls checked against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.errtags import ErrTag
from dtrace.sema.compat import arguments_compatible
from dtrace.types.convert import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.lang.nodes import Expr
    from dtrace.sema.context import Context
    from dtrace.types.model import Type


class Signature(NamedTuple):
    """What a function or an associative array takes.

    params: None is any type.
    least, most: how many arguments; most -1 is any number, and those beyond params are unchecked.
    """

    ret: Type | None
    params: tuple[Type | None, ...]
    least: int
    most: int


def parse_prototype(cx: Context, name: str, text: str) -> Signature:
    """Read `type(parameters)`.

    Raises CompileError D_UNKNOWN where a type is not known on the target.
    """
    ret_text, _, rest = text.rpartition(")")[0].partition("(")
    params: list[Type | None] = []
    required = 0
    varargs = optional = False
    for param in filter(None, (p.strip() for p in rest.split(","))):
        if param == "...":
            varargs = True
            continue
        if param.startswith("["):
            optional = True
            param = param[1:-1]
        elif not optional:
            required += 1
        params.append(None if param == "@" else _type(cx, f"{name} arg#{len(params) + 1}", param))
    most = -1 if varargs else len(params)
    return Signature(_type(cx, name, ret_text), tuple(params), required, most)


def _type(cx: Context, what: str, text: str) -> Type:
    t = cx.types.parse(text)
    if t is None:
        message = f"failed to resolve type of {what} ({text}): Unknown type name"
        raise cx.error(ErrTag.D_UNKNOWN, message, cx.at)
    return t


def check_call(
    cx: Context,
    what: str,
    signature: Signature,
    args: Sequence[Expr],
    node: Expr,
    *,
    keys: bool = False,
) -> None:
    """Check the number and types of a call's arguments, or of an array's keys.

    what: how messages begin: "printf( )", "@a[ ]".

    Raises CompileError D_PROTO_LEN or D_PROTO_ARG at `node`.
    """
    noun = "key" if keys else "arg"
    fixed = signature.least == signature.most
    count = len(args)
    if count < signature.least or 0 <= signature.most < count:
        bound = signature.least if count < signature.least else signature.most
        kind = "" if fixed else "at least " if count < signature.least else "at most "
        plural = "" if count == 1 else "s"
        message = (
            f"{what} prototype mismatch: {count} {noun}{plural} passed, {kind}{bound} expected"
        )
        raise cx.error(ErrTag.D_PROTO_LEN, message, node)
    noun = "key" if keys else "argument"
    for number, (param, arg) in enumerate(zip(signature.params, args, strict=False), 1):
        if param is not None and not arguments_compatible(param, arg):
            message = (
                f"{what} {noun} #{number} is incompatible with prototype:\n"
                f"\tprototype: {type_name(param)}\n\t{noun:>9}: {cx.describe(arg)}"
            )
            raise cx.error(ErrTag.D_PROTO_ARG, message, node)
