"""What each action wants of its arguments beyond its prototype."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import AggRef, StrLit
from dtrace.sema.check import check_value
from dtrace.sema.compat import value_type
from dtrace.types.builtin import DYNAMIC
from dtrace.types.convert import is_scalar, is_void

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.nodes import Call, Expr
    from dtrace.sema.context import Context


def check_action(cx: Context, call: Call) -> None:
    """Check a cooked call of an implemented action, and set its `detail`.

    Raises CompileError with the action's own tags.
    """
    check = _CHECKS.get(call.name)
    if check is not None:
        check(cx, call)
    for arg in call.args:
        if not isinstance(arg, AggRef):
            check_value(cx, arg)


def _aggregation_argument(cx: Context, call: Call, tag: ErrTag, node: Expr, number: int) -> None:
    if not isinstance(node, AggRef):
        message = (
            f"{call.name}( ) argument #{number} is incompatible with prototype:\n"
            f"\tprototype: aggregation\n\t argument: {cx.describe(node)}"
        )
        raise cx.error(tag, message, call)


def _clear(cx: Context, call: Call) -> None:
    _aggregation_argument(cx, call, ErrTag.D_CLEAR_AGGARG, call.args[0], 1)


def _trunc(cx: Context, call: Call) -> None:
    _aggregation_argument(cx, call, ErrTag.D_TRUNC_AGGARG, call.args[0], 1)


def _denormalize(cx: Context, call: Call) -> None:
    _aggregation_argument(cx, call, ErrTag.D_NORMALIZE_AGGARG, call.args[0], 1)


def _normalize(cx: Context, call: Call) -> None:
    _denormalize(cx, call)
    if not is_scalar(value_type(call.args[1])):
        message = f"{call.name}( ) argument #2 must be of scalar type"
        raise cx.error(ErrTag.D_NORMALIZE_SCALAR, message, call)


def _trace(cx: Context, call: Call) -> None:
    arg = call.args[0]
    t = value_type(arg)
    if is_void(t):
        message = "trace( ) may not be applied to a void expression"
        raise cx.error(ErrTag.D_TRACE_VOID, message, arg)
    if t is DYNAMIC:
        message = "trace( ) may not be applied to a dynamic expression"
        raise cx.error(ErrTag.D_TRACE_DYN, message, arg)


def _printf(cx: Context, call: Call) -> None:
    from dtrace.sema.check_format import check_format

    text = call.args[0]
    if not isinstance(text, StrLit):
        message = (
            f"{call.name}( ) argument #1 is incompatible with prototype:\n"
            f"\tprototype: string constant\n\t argument: {cx.describe(text)}"
        )
        raise cx.error(ErrTag.D_PRINTF_ARG_FMT, message, call)
    call.detail = check_format(cx, call, text.value, call.args[1:], first=2)


def _printa(cx: Context, call: Call) -> None:
    """`printa([format,] @a, @b ...)`: aggregations with like keys, in like order."""
    from dtrace.sema.check_format import check_format

    args = call.args
    text = args[0] if isinstance(args[0], StrLit) else None
    aggs = args[1:] if text is not None else args
    first = 2 if text is not None else 1
    if not aggs:
        message = f"{call.name}( ) prototype mismatch: {len(args)} args passed, {first} expected"
        raise cx.error(ErrTag.D_PRINTA_PROTO, message, call)
    refs: list[AggRef] = []
    for number, node in enumerate(aggs, first):
        _aggregation_argument(cx, call, ErrTag.D_PRINTA_AGGARG, node, number)
        assert isinstance(node, AggRef)
        if refs:
            _check_like_keys(cx, call, refs[0], node)
        refs.append(node)
    if text is not None:
        agg = cx.aggregation(refs[0])
        call.detail = check_format(cx, call, text.value, agg.keys, first=2, aggregation=agg)


def _check_like_keys(cx: Context, call: Call, left: AggRef, right: AggRef) -> None:
    from dtrace.sema.check_format import key_node
    from dtrace.sema.compat import arguments_compatible
    from dtrace.types.convert import type_name

    a, b = cx.aggregation(left), cx.aggregation(right)
    if len(a.keys) != len(b.keys):
        message = (
            f"printa( ): @{a.name} and @{b.name} do not have matching key signatures: "
            f"@{a.name} has {_keys(len(a.keys))}, @{b.name} has {_keys(len(b.keys))}"
        )
        raise cx.error(ErrTag.D_PRINTA_AGGKEY, message, call)
    for number, (s, t) in enumerate(zip(a.keys, b.keys, strict=True), 1):
        if not arguments_compatible(s, key_node(t, right)):
            message = (
                f"printa( ): @{b.name}[ ] key #{number} is incompatible with @{a.name}:\n"
                f"{a.name:>9} key #{number}: {type_name(s)}\n"
                f"{b.name:>9} key #{number}: {type_name(t)}"
            )
            raise cx.error(ErrTag.D_PRINTA_AGGPROTO, message, call)


def _keys(count: int) -> str:
    return f"{count} key" if count == 1 else f"{count} keys"


_CHECKS: dict[str, Callable[[Context, Call], None]] = {
    "clear": _clear,
    "denormalize": _denormalize,
    "normalize": _normalize,
    "printa": _printa,
    "printf": _printf,
    "trace": _trace,
    "trunc": _trunc,
}
