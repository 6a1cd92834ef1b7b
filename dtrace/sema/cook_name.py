"""Cooking names: what an identifier stands for, and whether it has a value yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Expr, Ident, Index, Scoped
from dtrace.sema.fold import constant
from dtrace.sema.idents import IdentDef
from dtrace.sema.proto import Signature, check_call
from dtrace.sema.scope import Constant, Parameter, kind_name
from dtrace.sema.symbols import Inline, Variable
from dtrace.types.builtin import INT64

if TYPE_CHECKING:
    from dtrace.sema.context import Context
    from dtrace.types.model import Type


KERNEL_MODULE = "vmlinux"  # what is not in a module


def cook_ident(cx: Context, node: Ident) -> Expr:
    """A name that is read."""
    resolved = resolve_ident(cx, node, create=False)
    return read(cx, resolved)


def resolve_ident(cx: Context, node: Ident, *, create: bool) -> Expr:
    """Bind a name as a scalar, without the check that it has a value.

    create: an unknown name becomes a new global variable.

    Raises CompileError D_IDENT_UNDEF, D_IDENT_BADREF.
    """
    if "`" in node.name:
        return _external(cx, node)
    symbol = cx.names.lookup(node.name)
    if symbol is None:
        if not create:
            raise undefined(cx, node.name, node)
        symbol = cx.names.create("global", node.name, node.span)
    match symbol:
        case Constant():
            return constant(symbol.value, symbol.type, node)
        case Parameter():
            from dtrace.sema.inline import use_parameter

            return use_parameter(cx, symbol, node)
        case Inline() if not symbol.params:
            from dtrace.sema.inline import use_inline

            return use_inline(cx, symbol, node, None)
    if kind_name(symbol) != "scalar":
        message = f"{kind_name(symbol)} '{node.name}' may not be referenced as scalar"
        raise cx.error(ErrTag.D_IDENT_BADREF, message, node)
    node.ref = symbol
    if isinstance(symbol, IdentDef):
        node.type = _builtin_type(cx, symbol, node)
    else:
        node.type = symbol.type
    return node


def undefined(cx: Context, name: str, node: Expr) -> Exception:
    """The error that a name is unknown."""
    message = f"failed to resolve {name}: Unknown variable name"
    return cx.error(ErrTag.D_IDENT_UNDEF, message, node)


def _builtin_type(cx: Context, ident: IdentDef, node: Ident) -> Type:
    t = cx.types.parse(ident.prototype)
    if t is None:
        message = (
            f"failed to resolve type {ident.prototype} for identifier {ident.name}: "
            "Unknown type name"
        )
        raise cx.error(ErrTag.D_UNKNOWN, message, node)
    return t


def _external(cx: Context, node: Ident) -> Expr:
    # A kernel symbol: none can be read, since only tracing of what probes pass is supported.
    module, _, name = node.name.rpartition("`")
    known = module in ("", KERNEL_MODULE)
    why = "Unknown symbol name" if known else "Module is no longer loaded"
    message = f"failed to resolve {module}`{name}: {why}"
    raise cx.error(ErrTag.D_IDENT_UNDEF, message, node)


def read(cx: Context, node: Expr) -> Expr:
    """Check that a variable that is read has been declared or written.

    Raises CompileError D_VAR_UNDEF; D_PROTO_LEN for an associative array without keys.
    """
    if isinstance(node, (Ident, Scoped)) and isinstance(node.ref, Variable):
        var = node.ref
        check_defined(cx, var, node)
        if var.keys is not None:
            check_keys(cx, var, [], node)
    return node


def check_defined(cx: Context, var: Variable, node: Expr) -> None:
    if var in cx.names.virgins:
        scope = "" if var.scope == "global" else f"{var.scope}->"
        message = f"{scope}{var.name} has not yet been declared or assigned"
        raise cx.error(ErrTag.D_VAR_UNDEF, message, node)


def cook_scoped(cx: Context, node: Scoped) -> Expr:
    """`self->x` or `this->x` that is read."""
    return read(cx, resolve_scoped(cx, node))


def resolve_scoped(cx: Context, node: Scoped) -> Scoped:
    """Bind `self->x` or `this->x`, which makes the variable if it is new."""
    var = cx.names.variables_of(node.scope).get(node.name)
    if var is None:
        var = cx.names.create(node.scope, node.name, node.span)
    node.ref, node.type = var, var.type
    return node


def variable_of(node: Expr) -> Variable | None:
    """The D variable that a cooked node names: a scalar, or an element of an associative array."""
    if isinstance(node, Index):
        var = variable_of(node.base)
        return var if var is not None and var.keys is not None else None
    ref = getattr(node, "ref", None)
    return ref if isinstance(ref, Variable) else None


def default_type(cx: Context, node: Expr) -> None:
    """Give a variable that an operator defines, such as ++, its type: int64_t."""
    var = variable_of(node)
    if var is not None and var in cx.names.virgins:
        set_type(cx, node, var, INT64)


def set_type(cx: Context, node: Expr, var: Variable, t: Type) -> None:
    """Fix the type of a variable by its first use, at `node`."""
    assert isinstance(node, (Ident, Scoped, Index))
    var.type = t
    node.type = t
    cx.names.virgins.discard(var)


def check_keys(cx: Context, var: Variable, keys: list[Expr], node: Expr) -> None:
    types = tuple(var.keys or ())
    signature = Signature(var.type, types, len(types), len(types))
    check_call(cx, f"{var.name}[ ]", signature, keys, node, keys=True)
