"""Cooking aggregations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import AggRef, Assign, Call, Expr, Ident, StrLit
from dtrace.probes.desc import PROBE_PARTS, name_part
from dtrace.sema.compat import value_type
from dtrace.sema.cook_index import check_key
from dtrace.sema.idents import AggFunc, IdentKind
from dtrace.sema.proto import Signature, check_call
from dtrace.sema.symbols import Aggregation
from dtrace.types.builtin import DYNAMIC
from dtrace.types.convert import is_string

if TYPE_CHECKING:
    from dtrace.sema.context import Context
    from dtrace.types.model import Type

EXECNAME_SIZE = 16  # TASK_COMM_LEN


def cook_aggref(cx: Context, node: AggRef) -> Expr:
    """`@name` or `@name[keys]` where a value is wanted: it has none, but may be named."""
    if node.keys is not None:
        return _bare(cx, node)
    return resolve_aggregation(cx, node)


def resolve_aggregation(cx: Context, node: AggRef) -> AggRef:
    """Bind the name of an aggregation.  Raises CompileError D_IDENT_UNDEF."""
    found = cx.names.aggregations.get(node.name)
    if found is None:
        message = f"failed to resolve @{node.name}: Unknown variable name"
        raise cx.error(ErrTag.D_IDENT_UNDEF, message, node)
    node.ref, node.type = found, DYNAMIC
    return node


def _bare(cx: Context, node: AggRef) -> Expr:
    # `@name[keys]` outside of an assignment: check the keys of one that exists.
    node.ref, node.type = cx.names.aggregations.get(node.name), DYNAMIC
    assert node.keys is not None
    node.keys[:] = [cx.cook(key) for key in node.keys]
    return node


def cook_aggregation(cx: Context, node: Assign) -> Expr:
    """`@name[keys] = function(args)`.

    Raises CompileError D_AGG_FUNC, D_AGG_REDEF, D_KEY_TYPE, D_PROTO_LEN, D_PROTO_ARG.
    """
    left = node.left
    if not isinstance(left, AggRef):
        assert isinstance(left, Expr)
        name = getattr(getattr(left, "base", None), "name", "")
        message = f"improper attempt to reference @{name} as a multi-dimensional array"
        raise cx.error(ErrTag.D_AGG_MDIM, message, node)
    node.right = call = cx.cook(node.right)
    if not isinstance(call, Call) or call.ref is None or call.ref.kind is not IdentKind.AGGFUNC:
        message = f"@{left.name} must be assigned the result of an aggregating function"
        raise cx.error(ErrTag.D_AGG_FUNC, message, node)
    func = AggFunc(call.ref.name)
    agg = cx.names.aggregations.get(left.name)
    if agg is not None and agg.func is not func:
        message = (
            f"aggregation redefined: @{left.name}\n"
            f"\t current: @{left.name} = {func.value}( )\n"
            f"\tprevious: @{left.name} = {agg.func.value}( ) : line {agg.span.line}"
        )
        raise cx.error(ErrTag.D_AGG_REDEF, message, node)
    keys = left.keys or []
    keys[:] = [cx.cook(key) for key in keys]
    if agg is None:
        for number, key in enumerate(keys, 1):
            check_key(cx, key, number, "aggregation", left)
        agg = Aggregation(left.name, len(cx.names.aggregations) + 1, func, span=left.span)
        agg.keys = [value_type(key) for key in keys]
        agg.key_sizes = [0] * len(keys)
        cx.names.aggregations[left.name] = agg
        cx.unit.aggregations.append(agg)
    else:
        signature = Signature(None, tuple(agg.keys), len(agg.keys), len(agg.keys))
        check_call(cx, f"@{left.name}[ ]", signature, keys, left, keys=True)
    _measure(cx, agg, keys)
    left.ref, left.type = agg, DYNAMIC
    node.type = DYNAMIC
    return node


def _measure(cx: Context, agg: Aggregation, keys: list[Expr]) -> None:
    # Widen the key's components to what these keys need.
    for at, (key, t) in enumerate(zip(keys, agg.keys, strict=True)):
        agg.key_sizes[at] = max(agg.key_sizes[at], _key_size(cx, key, t))


def _key_size(cx: Context, key: Expr, t: Type) -> int:
    if not is_string(t):
        return t.size
    if isinstance(key, StrLit):
        return min(len(key.value) + 1, cx.target.strsize)
    if isinstance(key, Ident) and key.name == "execname":
        return min(EXECNAME_SIZE, cx.target.strsize)
    if isinstance(key, Ident) and key.name in PROBE_PARTS:
        longest = max((len(name_part(probe, key.name)) for probe in cx.probes), default=0)
        return min(longest + 1, cx.target.strsize)
    return cx.target.strsize
