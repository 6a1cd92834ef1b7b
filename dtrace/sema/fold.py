"""Folding: what libdtrace does to an expression while it is parsed, before anything has a type.

Integer constants are computed, names of constants are replaced, functions' names are looked up.
It matters to the user: an array's size may be such an expression, a constant divisor of 0 is an
error even in a clause that is never compiled, and constants are computed with 64 bits whatever
their types (dt_parser.c, dt_node_op1, dt_node_op2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtrace.errtags import ErrTag
from dtrace.lang import nodes
from dtrace.lang.nodes import Expr, IntLit, StrLit
from dtrace.sema.idents import IdentDef, IdentKind
from dtrace.sema.lines import line_at_end
from dtrace.sema.scope import Constant, kind_name
from dtrace.types.builtin import INT, LITERALS, SIZE
from dtrace.types.convert import is_integer, is_signed, promote

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.sema.context import Context
    from dtrace.types.model import Type

U64 = (1 << 64) - 1
_CALLED = (IdentKind.SUBROUTINE, IdentKind.ACTION, IdentKind.AGGFUNC)


def fold(cx: Context, node: Expr) -> Expr:
    """Fold `node` and all below it; the result takes its place.

    Raises CompileError D_DIV_ZERO, D_FUNC_UNDEF, D_FUNC_IDKIND, D_FUNC_IDENT, and what a type name
    in a sizeof or a cast can raise.
    """
    return _FOLD[type(node)](cx, node)


def constant(value: int, t: Type, node: Expr) -> IntLit:
    """An integer constant of 64 bits in the place of `node`: negative only if `t` is signed.

    As in DTrace the value may exceed the range of a narrow type: it is cut when it is stored.
    """
    value &= U64
    if is_signed(t) and value >> 63:
        value -= 1 << 64
    return IntLit(value, "", node.span, t)


def _fold_all(cx: Context, exprs: list[Expr]) -> None:
    exprs[:] = [fold(cx, e) for e in exprs]


def _int(cx: Context, node: IntLit) -> Expr:
    if node.type is None:
        t = LITERALS[node.suffix]
        node.type = t
        node.value = constant(node.value, t, node).value
    return node


def _string(cx: Context, node: StrLit) -> Expr:
    node.type = cx.types.string
    return node


def _ident(cx: Context, node: nodes.Ident) -> Expr:
    symbol = cx.names.lookup(node.name)
    if isinstance(symbol, Constant):
        return constant(symbol.value, symbol.type, node)
    return node


def _leaf(cx: Context, node: Expr) -> Expr:
    return node


def _aggref(cx: Context, node: nodes.AggRef) -> Expr:
    if node.keys is not None:
        _fold_all(cx, node.keys)
    return node


def _unary(cx: Context, node: nodes.Unary) -> Expr:
    node.operand = operand = fold(cx, node.operand)
    if isinstance(operand, IntLit):
        t = operand.type
        assert t is not None
        match node.op:
            case "-":
                value = -operand.value
                if not is_signed(t):
                    value &= U64 >> (64 - 8 * t.size)
                return constant(value, t, node)
            case "+":
                return operand
            case "~":
                return constant(~operand.value, t, node)
            case "!":
                return constant(not operand.value, t, node)
    return node


def _operand(cx: Context, node: nodes.Postfix | nodes.Stringof | nodes.Xlate) -> Expr:
    node.operand = fold(cx, node.operand)
    return node


def _member(cx: Context, node: nodes.Member) -> Expr:
    node.base = fold(cx, node.base)
    return node


def _index(cx: Context, node: nodes.Index) -> Expr:
    node.base = fold(cx, node.base)
    _fold_all(cx, node.keys)
    return node


def _call(cx: Context, node: nodes.Call) -> Expr:
    symbol = cx.names.lookup(node.name)
    if symbol is None:
        message = f"undefined function name: {node.name}"
        raise cx.error(ErrTag.D_FUNC_UNDEF, message, node, line_at_end(node))
    if not isinstance(symbol, IdentDef) or symbol.kind not in _CALLED:
        message = f"{kind_name(symbol)} '{node.name}' may not be referenced as a function"
        raise cx.error(ErrTag.D_FUNC_IDKIND, message, node, line_at_end(node))
    node.ref = symbol
    _fold_all(cx, node.args)
    return node


def _assign(cx: Context, node: nodes.Assign) -> Expr:
    node.left, node.right = fold(cx, node.left), fold(cx, node.right)
    if node.op in ("/=", "%="):
        _check_divisor(cx, node, node.right)
    return node


def _check_divisor(cx: Context, node: Expr, divisor: Expr) -> None:
    if isinstance(divisor, IntLit) and divisor.value == 0:
        raise cx.error(ErrTag.D_DIV_ZERO, "expression contains division by zero", node)


def _binary(cx: Context, node: nodes.Binary) -> Expr:
    node.left, node.right = left, right = fold(cx, node.left), fold(cx, node.right)
    if node.op in "/%":
        _check_divisor(cx, node, right)
    if isinstance(left, IntLit) and isinstance(right, IntLit):
        assert left.type is not None
        assert right.type is not None
        t = promote(left.type, right.type)
        if node.op in _LOGICAL:
            truth = _LOGICAL[node.op](left.value, right.value)
            return constant(truth, INT, node)
        if node.op in _COMPARE:
            a, b = _as(left.value, t), _as(right.value, t)
            return constant(_COMPARE[node.op](a, b), INT, node)
        if node.op in _SHIFT:
            value = _SHIFT[node.op](left.value & U64, right.value & 63)
            return constant(value, left.type, node)
        return constant(_ARITH[node.op](_as(left.value, t), _as(right.value, t)), t, node)
    return node


def _as(value: int, t: Type) -> int:
    # The 64 bits of `value` as a number of the sign of `t`.
    value &= U64
    return value - (1 << 64) if is_signed(t) and value >> 63 else value


def _divide(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


_LOGICAL: dict[str, Callable[[int, int], bool]] = {
    "&&": lambda a, b: bool(a and b),
    "||": lambda a, b: bool(a or b),
    "^^": lambda a, b: bool(a) != bool(b),
}
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
# Constants are shifted right without their sign, unlike variables.
_SHIFT: dict[str, Callable[[int, int], int]] = {
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
}
_ARITH: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": lambda a, b: a - b * _divide(a, b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}


def _comma(cx: Context, node: nodes.Comma) -> Expr:
    node.left, node.right = fold(cx, node.left), fold(cx, node.right)
    return node


def _ternary(cx: Context, node: nodes.Ternary) -> Expr:
    node.cond = fold(cx, node.cond)
    node.yes, node.no = fold(cx, node.yes), fold(cx, node.no)
    if isinstance(node.cond, IntLit):
        return node.yes if node.cond.value else node.no
    return node


def _cast(cx: Context, node: nodes.Cast) -> Expr:
    """`(type)constant`: cut to a narrower type, or to one of the other sign; a wider type keeps
    what the constant has beyond its own."""
    from dtrace.sema.cook_type import type_of

    node.operand = operand = fold(cx, node.operand)
    node.type = to = node.type or type_of(cx, node.to)
    if not isinstance(operand, IntLit) or not is_integer(to):
        return node
    source = operand.type
    assert source is not None
    value, bits = operand.value, 8 * to.size
    widens = to.size > source.size
    differs = is_signed(to) != is_signed(source)
    narrows = to.size < source.size or (not widens and differs)
    if bits < 64 and (narrows or (widens and is_signed(source) and not is_signed(to))):
        value &= (1 << bits) - 1
        if is_signed(to) and value >> (bits - 1):
            value -= 1 << bits
    return constant(value, to, node)


def _sizeof(cx: Context, node: nodes.Sizeof) -> Expr:
    from dtrace.lang.decls import TypeName
    from dtrace.sema.cook_type import type_of

    operand = node.operand
    if isinstance(operand, TypeName):
        return constant(sized(cx, type_of(cx, operand).size, node), SIZE, node)
    node.operand = fold(cx, operand)
    if isinstance(node.operand, StrLit):
        return constant(len(node.operand.value) + 1, SIZE, node)
    return node


def sized(cx: Context, size: int, node: Expr) -> int:
    """`size`, the result of a sizeof; D_SIZEOF_TYPE if it is 0."""
    if size == 0:
        message = "cannot apply sizeof to an operand of unknown size"
        raise cx.error(ErrTag.D_SIZEOF_TYPE, message, node)
    return size


def _offsetof(cx: Context, node: nodes.Offsetof) -> Expr:
    from dtrace.sema.cook_type import type_of
    from dtrace.types.layout import find_member
    from dtrace.types.model import Struct, resolve

    struct = resolve(type_of(cx, node.of))
    if not isinstance(struct, Struct) or not struct.complete:
        message = "offsetof operand must be a struct or union type"
        raise cx.error(ErrTag.D_OFFSETOF_TYPE, message, node)
    found = find_member(struct, node.member)
    if found is None:
        message = f"failed to determine offset of {node.member}: Member name not found."
        raise cx.error(ErrTag.D_UNKNOWN, message, node)
    if found[0].bits:
        message = f"cannot take offset of a bit-field: {node.member}"
        raise cx.error(ErrTag.D_OFFSETOF_BITFIELD, message, node)
    return constant(found[1], INT, node)


_FOLD: dict[type, Callable[[Context, Any], Expr]] = {
    nodes.IntLit: _int,
    nodes.StrLit: _string,
    nodes.Ident: _ident,
    nodes.Scoped: _leaf,
    nodes.AggRef: _aggref,
    nodes.Unary: _unary,
    nodes.Postfix: _operand,
    nodes.Binary: _binary,
    nodes.Assign: _assign,
    nodes.Ternary: _ternary,
    nodes.Comma: _comma,
    nodes.Cast: _cast,
    nodes.Sizeof: _sizeof,
    nodes.Offsetof: _offsetof,
    nodes.Stringof: _operand,
    nodes.Xlate: _operand,
    nodes.Call: _call,
    nodes.Index: _index,
    nodes.Member: _member,
}
