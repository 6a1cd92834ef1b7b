"""Declarations: variables, typedefs, externs.

Source: dt_parser.c, dt_node_decl.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.decls import ArrayOf, Declaration
from dtrace.sema.cook_type import base_type, check_prototype, declared_type, fail
from dtrace.sema.idents import IdentDef
from dtrace.sema.scope import Constant, Symbol, kind_name
from dtrace.sema.symbols import Inline, Variable
from dtrace.types.builtin import TYPEDEFS
from dtrace.types.convert import is_incomplete, is_void, same, type_name
from dtrace.types.model import Function, Type, resolve

if TYPE_CHECKING:
    from dtrace.lang.decls import Declarator
    from dtrace.sema.context import Context

_STORAGE_ONLY_IN_C = ("auto", "register", "static")


def cook_declaration(cx: Context, decl: Declaration) -> None:
    """`base declarator, ...;`.

    Raises CompileError D_DECL_*.
    """
    storage = decl.base.storage
    if len(storage) > 1:
        message = "only one storage class allowed in a declaration"
        fail(cx, ErrTag.D_DECL_CLASS, message, decl.base)
    base = base_type(cx, decl.base)
    if not decl.declarators and not decl.base.kind:
        fail(cx, ErrTag.D_DECL_USELESS, "useless declaration", decl.base)
    for declarator in decl.declarators:
        _declare(cx, storage[0] if storage else "", base, declarator)


def _declare(cx: Context, storage: str, base: Type, declarator: Declarator) -> None:
    name = declarator.name
    t = declared_type(cx, base, declarator)
    if "`" in name:
        message = f"D scoping operator may not be used in a declaration name ({name})"
        fail(cx, ErrTag.D_DECL_SCOPE, message, declarator)
    if isinstance(resolve(t), Function) and storage in ("", "static"):
        storage = "extern"
    if storage in _STORAGE_ONLY_IN_C:
        message = "specified storage class not appropriate in D"
        fail(cx, ErrTag.D_DECL_BADCLASS, message, declarator)
    if storage == "typedef":
        _typedef(cx, name, t, declarator)
    elif storage == "extern":
        _extern(cx, name, t, declarator)
    else:
        _variable(cx, storage or "global", name, t, declarator)


def _typedef(cx: Context, name: str, t: Type, declarator: Declarator) -> None:
    if cx.names.lookup(name) is not None:
        message = f"global variable identifier redeclared: {name}"
        fail(cx, ErrTag.D_DECL_IDRED, message, declarator)
    if name in cx.types.typedefs or name in TYPEDEFS or name == "string":
        fail(cx, ErrTag.D_DECL_IDRED, f"typedef redeclared: {name}", declarator)
    cx.types.define(name, t)


def _extern(cx: Context, name: str, t: Type, declarator: Declarator) -> None:
    previous = cx.externs.get(name)
    if previous is not None and not same(previous, t):
        message = (
            f"identifier redeclared: D`{name}\n"
            f"\t current: {type_name(t)}\n\tprevious: {type_name(previous)}"
        )
        fail(cx, ErrTag.D_DECL_IDRED, message, declarator)
    cx.externs[name] = t


def _variable(cx: Context, scope: str, name: str, t: Type, declarator: Declarator) -> None:
    outer = declarator.derived[0] if declarator.derived else None
    array = outer if isinstance(outer, ArrayOf) else None
    if array is not None and array.size is None and array.keys is None:
        message = f"array declaration requires array dimension or tuple signature: {name}"
        fail(cx, ErrTag.D_DECL_ARRNULL, message, declarator)
    previous: Symbol | None
    if scope == "global":
        previous = cx.names.lookup(name)
    else:
        previous = cx.names.variables_of(scope).get(name)
    if isinstance(previous, IdentDef):
        fail(cx, ErrTag.D_DECL_IDRED, f"built-in identifier redeclared: {name}", declarator)
    if name in cx.types.typedefs or name in TYPEDEFS:
        fail(cx, ErrTag.D_DECL_IDRED, f"typedef identifier redeclared: {name}", declarator)
    keys: list[Type] | None = None
    if array is not None and array.keys is not None:
        keys = check_prototype(cx, array.keys, "array")
        if scope == "this":
            message = f"associative arrays may not be declared as local variables: {name}"
            fail(cx, ErrTag.D_DECL_LOCASSC, message, declarator)
    if previous is not None:
        _check_same(cx, previous, name, t, keys, declarator)
        return
    if is_void(t):
        fail(cx, ErrTag.D_DECL_VOIDOBJ, f"cannot have void object: {name}", declarator)
    if is_incomplete(t):
        message = f"incomplete struct/union/enum {type_name(t)}: {name}"
        fail(cx, ErrTag.D_DECL_INCOMPLETE, message, declarator)
    cx.names.create(scope, name, declarator.span, type=t, keys=keys, virgin=False)


def _check_same(
    cx: Context,
    previous: Symbol,
    name: str,
    t: Type,
    keys: list[Type] | None,
    declarator: Declarator,
) -> None:
    """A second declaration must be like the first.  Raises CompileError D_DECL_IDRED."""
    kind = "scalar" if keys is None else "associative array"
    old_kind = kind_name(previous)
    old = previous.type if isinstance(previous, (Variable, Inline, Constant)) else None
    if kind != old_kind or old is None or not same(t, old):
        message = (
            f"identifier redeclared: {name}\n\t current: {kind} {type_name(t)}\n"
            f"\tprevious: {old_kind} {type_name(old)}"
        )
        fail(cx, ErrTag.D_DECL_IDRED, message, declarator)
    if not isinstance(previous, Variable) or keys is None:
        return
    old_keys = previous.keys or []
    for number, (new_key, old_key) in enumerate(zip(keys, old_keys, strict=False), 1):
        if not same(new_key, old_key):
            message = (
                f"identifier redeclared: {name}\n"
                f"\t current: {kind}, key #{number} of type {type_name(new_key)}\n"
                f"\tprevious: {old_kind}, key #{number} of type {type_name(old_key)}"
            )
            fail(cx, ErrTag.D_DECL_IDRED, message, declarator)
    if len(keys) != len(old_keys):
        message = (
            f"identifier redeclared: {name}\n"
            f"\t current: {kind} of {type_name(t)}, tuple length {len(keys)}\n"
            f"\tprevious: {old_kind} of {type_name(old)}, tuple length {len(old_keys)}"
        )
        fail(cx, ErrTag.D_DECL_IDRED, message, declarator)
