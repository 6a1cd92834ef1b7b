"""What a cooked clause must still fulfil: the checks that libdtrace makes while it generates code.

They come after the whole clause is cooked, in program order, and their messages name no region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang import nodes
from dtrace.lang.nodes import AggRef, Assign, Call, Ident, If
from dtrace.sema import alloca
from dtrace.sema.idents import Effect, IdentDef, IdentKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.nodes import Clause, Expr, Stmt
    from dtrace.sema.context import Context


TUPLE_MAX = 9  # components of the key of an associative array or aggregation, as in DTrace


class Effects:
    """What the clause's actions have done so far, which limits those that may follow."""

    def __init__(self) -> None:
        self.data = self.aggregates = self.speculates = self.commits = False
        self.destructive = False
        self.missing: Call | None = None  # the first action that cannot be compiled


def check_clause(cx: Context, clause: Clause) -> bool:
    """Check a cooked clause; the result says whether it has destructive actions.

    Raises CompileError.
    """
    effects = Effects()
    if clause.predicate is not None:
        check_value(cx, clause.predicate)
    _check_statements(cx, clause.body or [], effects)
    if effects.missing is not None:
        assert effects.missing.ref is not None
        raise not_implemented(cx, effects.missing, effects.missing.ref)
    return effects.destructive


def _check_statements(cx: Context, body: list[Stmt], effects: Effects) -> None:
    for stmt in body:
        if isinstance(stmt, If):
            check_value(cx, stmt.cond)
            _check_statements(cx, stmt.then, effects)
            _check_statements(cx, stmt.other, effects)
        else:
            _check_statement(cx, stmt.expr, effects)


def _check_statement(cx: Context, expr: Expr, effects: Effects) -> None:
    if isinstance(expr, AggRef):
        _check_order(cx, expr, None, effects)
        message = f"expression has null effect: @{expr.name}"
        raise cx.error(ErrTag.D_AGG_NULL, message, expr)
    if isinstance(expr, Assign) and isinstance(expr.left, AggRef):
        from dtrace.sema.check_agg import check_aggregation

        _check_order(cx, expr.left, None, effects)
        check_aggregation(cx, expr)
    elif isinstance(expr, Call) and expr.ref is not None and expr.ref.kind is IdentKind.ACTION:
        from dtrace.sema.check_act import check_action

        _check_order(cx, expr, expr.ref, effects)
        if expr.ref.implemented:
            check_action(cx, expr)
        elif effects.missing is None:
            effects.missing = expr
        effects.destructive |= expr.ref.destructive
    else:
        check_value(cx, expr)


def _check_order(cx: Context, node: Expr, action: IdentDef | None, effects: Effects) -> None:
    # action: None for an aggregation.
    effect = action.effect if action is not None else Effect.NONE
    if effect is Effect.COMMIT:
        if effects.data or effects.aggregates:
            message = "commit( ) may not follow data-recording action(s)"
            raise cx.error(ErrTag.D_COMM_DREC, message, node)
        effects.commits = True
    elif effect is Effect.SPECULATE:
        _check_speculate(cx, node, effects)
        effects.speculates = True
    elif action is None:
        if effects.commits:
            message = "aggregating actions may not follow commit( )"
            raise cx.error(ErrTag.D_AGG_COMM, message, node)
        if effects.speculates:
            message = "aggregating actions may not follow speculate( )"
            raise cx.error(ErrTag.D_AGG_SPEC, message, node)
        effects.aggregates = True
    elif effect is Effect.DATA:
        _check_data(cx, node, action, effects)
        effects.data = True


def _check_speculate(cx: Context, node: Expr, effects: Effects) -> None:
    if effects.speculates:
        message = "speculate( ) may not follow speculate( )"
        raise cx.error(ErrTag.D_SPEC_SPEC, message, node)
    if effects.commits:
        raise cx.error(ErrTag.D_SPEC_COMM, "speculate( ) may not follow commit( )", node)
    if effects.data or effects.aggregates:
        message = "speculate( ) may not follow data-recording action(s)"
        raise cx.error(ErrTag.D_SPEC_DREC, message, node)


def _check_data(cx: Context, node: Expr, action: IdentDef, effects: Effects) -> None:
    if effects.speculates and action.destructive:
        message = "destructive actions may not follow speculate( )"
        raise cx.error(ErrTag.D_ACT_SPEC, message, node)
    if effects.speculates and action.name == "exit":
        raise cx.error(ErrTag.D_EXIT_SPEC, "exit( ) may not follow speculate( )", node)
    if effects.commits:
        message = "data-recording actions may not follow commit( )"
        raise cx.error(ErrTag.D_DREC_COMM, message, node)


# Values


def check_value(cx: Context, node: Expr) -> None:
    """Check that code can be generated for an expression and all in it.

    Raises CompileError D_CG_EXPR for actions, D_FUNC_UNDEF, D_IDENT_UNDEF and D_UNKNOWN for what
    is not implemented.
    """
    check = _VALUES.get(type(node))
    if check is not None:
        check(cx, node)
    for name in _OPERANDS.get(type(node), ()):
        operand = getattr(node, name)
        for part in operand if isinstance(operand, list) else (operand,):
            check_value(cx, part)


def _check_ident(cx: Context, node: Ident) -> None:
    if isinstance(node.ref, IdentDef) and not node.ref.implemented:
        message = f"built-in variable '{node.name}' not implemented"
        raise cx.error(ErrTag.D_IDENT_UNDEF, message, node, cx.clause_line)


def _check_call(cx: Context, node: Call) -> None:
    ident = node.ref
    assert ident is not None
    if ident.kind is IdentKind.ACTION and ident.prototype.startswith("dt_stack_t"):
        raise not_implemented(cx, node, ident)
    if ident.kind is not IdentKind.SUBROUTINE:
        message = (
            f"{ident.kind.value} {ident.name}( ) may not be called from a D expression "
            "(D program context required)"
        )
        raise cx.error(ErrTag.D_CG_EXPR, message, node)
    if not ident.implemented:
        message = f"unimplemented subroutine: {ident.name}"
        raise cx.error(ErrTag.D_FUNC_UNDEF, message, node)
    alloca.check_call(cx, node)


def check_key(cx: Context, node: Expr) -> None:
    """As check_value(), of an aggregation's key, which may also be an address to be resolved when
    it is printed: sym(), usym() ..."""
    if isinstance(node, Call) and node.ref is not None and node.ref.prototype[0] == "_":
        raise not_implemented(cx, node, node.ref)
    check_value(cx, node)


def not_implemented(cx: Context, node: Expr, ident: IdentDef) -> Exception:
    """The error that an action exists but cannot be compiled."""
    return cx.error(ErrTag.D_UNKNOWN, f"{ident.name}() is not implemented (yet)", node)


def _check_translated(cx: Context, node: nodes.Xlate) -> None:
    message = "internal error -- cg does not support xlate yet"
    raise cx.error(ErrTag.D_UNKNOWN, message, node)


def check_tuple(cx: Context, keys: list[Expr], node: Expr) -> None:
    """Check that a tuple is not too long.  Raises CompileError."""
    if len(keys) > TUPLE_MAX:
        raise cx.error(None, "Insufficient tuple registers to generate code", node)


def _check_index(cx: Context, node: nodes.Index) -> None:
    check_tuple(cx, node.keys, node)


_VALUES: dict[type, Callable[[Context, Expr], None]] = {
    Ident: _check_ident,  # type: ignore[dict-item]
    Call: _check_call,  # type: ignore[dict-item]
    Assign: alloca.check_assign,  # type: ignore[dict-item]
    nodes.Index: _check_index,  # type: ignore[dict-item]
    nodes.Xlate: _check_translated,  # type: ignore[dict-item]
}

# Fields of a node that hold the expressions it uses.
_OPERANDS: dict[type, tuple[str, ...]] = {
    nodes.Unary: ("operand",),
    nodes.Postfix: ("operand",),
    nodes.Stringof: ("operand",),
    nodes.Cast: ("operand",),
    nodes.Binary: ("left", "right"),
    nodes.Assign: ("left", "right"),
    nodes.Comma: ("left", "right"),
    nodes.Ternary: ("cond", "yes", "no"),
    nodes.Call: ("args",),
    nodes.Index: ("base", "keys"),
    nodes.Member: ("base",),
}
