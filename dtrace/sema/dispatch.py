"""Class of a node -> the function that cooks it.  No logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtrace.lang import nodes
from dtrace.sema import cook_agg, cook_call, cook_expr, cook_index, cook_name, cook_op

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.sema.context import Context

COOK: dict[type, Callable[[Context, Any], nodes.Expr]] = {
    nodes.IntLit: cook_expr.cook_constant,
    nodes.StrLit: cook_expr.cook_constant,
    nodes.Ident: cook_name.cook_ident,
    nodes.Scoped: cook_name.cook_scoped,
    nodes.AggRef: cook_agg.cook_aggref,
    nodes.Unary: cook_op.cook_unary,
    nodes.Postfix: cook_op.cook_postfix,
    nodes.Binary: cook_op.cook_binary,
    nodes.Assign: cook_op.cook_assign,
    nodes.Ternary: cook_op.cook_ternary,
    nodes.Comma: cook_op.cook_comma,
    nodes.Cast: cook_expr.cook_cast,
    nodes.Sizeof: cook_expr.cook_sizeof,
    nodes.Stringof: cook_expr.cook_stringof,
    nodes.Xlate: cook_expr.cook_xlate,
    nodes.Call: cook_call.cook_call,
    nodes.Index: cook_index.cook_index,
    nodes.Member: cook_expr.cook_member,
}
