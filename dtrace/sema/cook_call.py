"""Cooking calls of functions and actions: their arguments against their prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang.nodes import AggRef
from dtrace.sema.cook_agg import resolve_aggregation
from dtrace.sema.idents import IdentDef, IdentKind
from dtrace.sema.proto import Signature, check_call, parse_prototype
from dtrace.types.builtin import DYNAMIC

if TYPE_CHECKING:
    from dtrace.lang.nodes import Call, Expr
    from dtrace.sema.context import Context


def cook_call(cx: Context, node: Call) -> Expr:
    """`name(args)`.

    Raises CompileError D_PROTO_LEN, D_PROTO_ARG.  What an action wants beyond its prototype is
    checked by dtrace.sema.check, after the whole clause is cooked, as libdtrace does.
    """
    ident = node.ref
    assert ident is not None
    node.args[:] = [
        resolve_aggregation(cx, arg) if isinstance(arg, AggRef) else cx.cook(arg)
        for arg in node.args
    ]
    signature = signature_of(cx, ident)
    check_call(cx, f"{ident.name}( )", signature, node.args, node)
    node.type = DYNAMIC if ident.kind is IdentKind.AGGFUNC else signature.ret
    return node


def signature_of(cx: Context, ident: IdentDef) -> Signature:
    """The signature of a builtin function."""
    found = cx.signatures.get(ident.name)
    if found is None:
        found = cx.signatures[ident.name] = parse_prototype(cx, ident.name, ident.prototype)
    return found
