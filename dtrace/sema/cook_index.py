"""Cooking `base[keys]`, in all its meanings, and what can be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Expr, Ident, Index, IntLit, Scoped
from dtrace.sema.compat import value_type
from dtrace.sema.cook_name import (
    check_defined,
    check_keys,
    resolve_ident,
    resolve_scoped,
    variable_of,
)
from dtrace.sema.idents import IdentDef, IdentKind
from dtrace.sema.pointers import check_bounds, dereferenced, is_indexable
from dtrace.sema.symbols import Inline, Variable
from dtrace.types.builtin import DYNAMIC, UINT64
from dtrace.types.convert import is_integer, is_void, type_name

if TYPE_CHECKING:
    from dtrace.sema.context import Context


def cook_place(cx: Context, node: Expr, *, create: bool = True) -> Expr:
    """Cook what is written, or what an operator may define: as Context.cook(), but a variable need
    not have a value yet.

    create: a new name alone becomes a global variable.
    """
    if isinstance(node, Ident):
        return resolve_ident(cx, node, create=create)
    if isinstance(node, Scoped):
        return resolve_scoped(cx, node)
    if isinstance(node, Index):
        return cook_index(cx, node, reading=False)
    return cx.cook(node)


def cook_index(cx: Context, node: Index, *, reading: bool = True) -> Expr:
    """`base[keys]`: an element of an associative array, of args[], of an inline with parameters;
    of a C array; or what a pointer that is moved by the key points to.

    reading: the element is read, so it must have a type.
    """
    base = node.base
    if isinstance(base, Ident) and "`" not in base.name:
        symbol = cx.names.lookup(base.name)
        if symbol is None or (isinstance(symbol, Variable) and symbol in cx.names.virgins):
            return _new_element(cx, node, base, symbol, reading)
        if isinstance(symbol, Inline) and symbol.params:
            from dtrace.sema.inline import use_inline

            return use_inline(cx, symbol, node, _cook_keys(cx, node))
        if isinstance(symbol, IdentDef) and symbol.kind is IdentKind.ARRAY:
            return _builtin_element(cx, node, base, symbol)
        if isinstance(symbol, Variable):
            base.ref, base.type = symbol, symbol.type
            if symbol.keys is not None:
                return _element(cx, node, symbol, reading)
    node.base = base = cook_place(cx, base, create=False)
    if isinstance(base, (Ident, Scoped)):
        var = variable_of(base)
        if var is not None and var in cx.names.virgins:
            return _new_element(cx, node, base, var, reading)
        if var is not None and var.keys is not None:
            return _element(cx, node, var, reading)
    return _c_element(cx, node)


def _cook_keys(cx: Context, node: Index) -> list[Expr]:
    node.keys[:] = [cx.cook(key) for key in node.keys]
    return node.keys


def _new_element(
    cx: Context, node: Index, base: Ident | Scoped, symbol: object, reading: bool
) -> Expr:
    # The first use of an associative array.
    if isinstance(base, Scoped) and base.scope == "this":
        message = f"local variables may not be used as associative arrays: {base.name}"
        raise cx.error(ErrTag.D_ARR_LOCAL, message, node)
    var = symbol if isinstance(symbol, Variable) else None
    if var is None:
        var = cx.names.create("global", base.name, base.span)
    var.keys = var.keys or []
    base.ref, base.type = var, var.type
    return _element(cx, node, var, reading)


def check_key(cx: Context, key: Expr, number: int, kind: str, node: Expr) -> None:
    """Check that `key` may be a component of a tuple.  Raises CompileError D_KEY_TYPE."""
    t = value_type(key)
    if t is DYNAMIC or is_void(t):
        message = f"{cx.describe(key)} expression may not be used as {kind} index: key #{number}"
        raise cx.error(ErrTag.D_KEY_TYPE, message, node)


def _element(cx: Context, node: Index, var: Variable, reading: bool) -> Expr:
    # The first element that is used fixes the types of the keys.
    if reading:
        check_defined(cx, var, node.base)
    keys = _cook_keys(cx, node)
    if not var.keys:
        for number, key in enumerate(keys, 1):
            check_key(cx, key, number, "associative array", node.base)
        var.keys = [value_type(key) for key in keys]
    else:
        check_keys(cx, var, keys, node.base)
    node.type = var.type
    return node


def _builtin_element(cx: Context, node: Index, base: Ident, ident: IdentDef) -> Expr:
    """`args[n]`, `uregs[n]`."""
    keys = _cook_keys(cx, node)
    base.ref, base.type = ident, DYNAMIC
    if len(keys) != 1:
        message = f"{ident.name}[ ] prototype mismatch: {len(keys)} args passed, 1 expected"
        raise cx.error(ErrTag.D_PROTO_LEN, message, base)
    key = keys[0]
    if not isinstance(key, IntLit):
        message = (
            f"{ident.name}[ ] argument #1 is incompatible with prototype:\n"
            f"\tprototype: integer constant\n\t argument: {type_name(value_type(key))}"
        )
        raise cx.error(ErrTag.D_PROTO_ARG, message, base)
    if ident.name == "args":
        from dtrace.sema.args import cook_args

        return cook_args(cx, node, key.value)
    if key.value < 0:
        message = f"index {key.value} is out of range for array {ident.name}"
        raise cx.error(ErrTag.D_REGS_IDX, message, base)
    node.type = UINT64
    return node


def _c_element(cx: Context, node: Index) -> Expr:
    """`base[key]` is `*(base + key)`."""
    base = node.base
    node.keys[0] = key = cx.cook(node.keys[0])
    base_type, key_type = value_type(base), value_type(key)
    if is_integer(base_type) and is_indexable(key_type):
        node.base, node.keys[0] = base, key = key, base
        base_type, key_type = key_type, base_type
    movable = is_indexable(base_type) or is_integer(base_type)
    if not movable or not is_integer(key_type):
        message = f'operands have incompatible types: "{cx.describe(base)}" + "{cx.describe(key)}"'
        raise cx.error(ErrTag.D_OP_INCOMPAT, message, node)
    if variable_of(base) is None or not isinstance(base, Index):
        check_bounds(cx, base_type, key, node)
    if len(node.keys) > 1:
        message = f"cannot access {cx.node_name(base)} as an associative array"
        raise cx.error(ErrTag.D_ARR_BADREF, message, node)
    node.type = dereferenced(cx, base_type, node)
    return node
