"""Inlines: their definition, and their use, which puts a copy of the expression into the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.decls import ArrayOf, Declarator, InlineDecl, TypeName, TypeSpec
from dtrace.lang.nodes import Cast, Expr, Ident, IntLit, Xlate
from dtrace.sema.clone import clone
from dtrace.sema.compat import arguments_compatible, value_type
from dtrace.sema.cook_type import base_type, check_prototype, declared_type, fail
from dtrace.sema.fold import fold
from dtrace.sema.proto import Signature, check_call
from dtrace.sema.scope import Constant, Parameter, kind_name
from dtrace.sema.symbols import Inline, Variable
from dtrace.types.convert import (
    compatible,
    is_incomplete,
    is_pointer,
    is_void,
    pointee,
    same,
    type_name,
)

if TYPE_CHECKING:
    from dtrace.lang.nodes import Index
    from dtrace.sema.context import Context
    from dtrace.types.model import Type


def cook_inline(cx: Context, decl: InlineDecl) -> None:
    """`inline T name = value;` or `inline T name[T a, ...] = value;`.

    Raises CompileError D_DECL_*, D_OP_INCOMPAT, and what its expression raises.
    """
    name, declarator = decl.declarator.name, decl.declarator
    if decl.base.storage:
        message = "specified storage class not appropriate for inline declaration"
        fail(cx, ErrTag.D_DECL_BADCLASS, message, decl, at_end=True)
    t = declared_type(cx, base_type(cx, decl.base), declarator)
    previous = cx.names.lookup(name)
    if previous is not None:
        inline = "inline" if isinstance(previous, (Inline, Constant)) else ""
        message = (
            f"identifier redefined: {name}\n\t current: inline definition\n"
            f"\tprevious: {kind_name(previous)} {inline}"
        )
        fail(cx, ErrTag.D_DECL_IDRED, message, decl, at_end=True)
    params = _parameters(cx, decl)
    if is_void(t):
        fail(cx, ErrTag.D_DECL_VOIDOBJ, f"cannot declare void inline: {name}", decl, at_end=True)
    if is_incomplete(t):
        message = f"incomplete struct/union/enum {type_name(t)}: {name}"
        fail(cx, ErrTag.D_DECL_INCOMPLETE, message, decl, at_end=True)
    cx.names.parameters.append({p: Parameter(p, pt, None) for p, pt in params})
    decl.value = fold(cx, decl.value)
    value = cx.cook(clone(decl.value))
    cx.names.parameters.pop()
    _check_type(cx, name, t, value, decl)
    if isinstance(value, IntLit) and not params:
        assert value.type is not None
        cx.names.add_global(name, Constant(name, value.type, value.value, "scalar"))
    else:
        cx.names.add_global(name, Inline(name, t, decl.value, params, declarator.span))


def _parameters(cx: Context, decl: InlineDecl) -> list[tuple[str, Type]]:
    derived, name = decl.declarator.derived, decl.declarator.name
    if not derived or not isinstance(derived[0], ArrayOf):
        return []
    array = derived[0]
    if array.keys is None:
        what = "cannot be of scalar array type" if array.size else "requires array tuple signature"
        fail(cx, ErrTag.D_DECL_ARRNULL, f"inline declaration {what}: {name}", decl, at_end=True)
    types = check_prototype(cx, array.keys, "array")
    return [(p.declarator.name, t) for p, t in zip(array.keys, types, strict=True)]


def _check_type(cx: Context, name: str, t: Type, value: Expr, decl: InlineDecl) -> None:
    if isinstance(value, Xlate):
        assert value.type is not None
        wanted = (pointee(t) or t) if is_pointer(t) else t
        given = (pointee(value.type) or value.type) if is_pointer(value.type) else value.type
        fits = compatible(wanted, given)
        texts = type_name(wanted), type_name(given)
    else:
        fits = arguments_compatible(t, value)
        texts = type_name(t), cx.describe(value)
    if not fits:
        message = f'inline {name} definition uses incompatible types: "{texts[0]}" = "{texts[1]}"'
        fail(cx, ErrTag.D_OP_INCOMPAT, message, decl, at_end=True)


def use_inline(cx: Context, inline: Inline, node: Ident | Index, args: list[Expr] | None) -> Expr:
    """The cooked expression that a use of an inline stands for.

    args: the arguments, cooked; None without brackets.
    """
    given = args or []
    types = tuple(t for _, t in inline.params)
    if args is not None or inline.params:
        signature = Signature(inline.type, types, len(types), len(types))
        check_call(cx, f"{inline.name}[ ]", signature, given, node, keys=True)
    frame = {
        name: Parameter(name, t, arg) for (name, t), arg in zip(inline.params, given, strict=True)
    }
    cx.names.parameters.append(frame)
    value = cx.cook(clone(inline.value))
    cx.names.parameters.pop()
    return converted(value, inline.type, node)


def use_parameter(cx: Context, parameter: Parameter, node: Ident) -> Expr:
    """A use of a parameter: the argument, which is computed anew each time."""
    if parameter.value is None:
        # Only the definition is being checked: any value of the type will do.
        node.type = parameter.type
        node.ref = Variable("this", parameter.name, parameter.type)
        return node
    return converted(clone(parameter.value), parameter.type, node)


def converted(value: Expr, t: Type, node: Expr) -> Expr:
    """`value` as one of type `t`, in the place of `node`."""
    given = value_type(value)
    alike = same(given, t) and type_name(given) == type_name(t)
    if isinstance(value, (IntLit, Xlate)) or alike:
        return value
    spelled = TypeName(TypeSpec([type_name(t)]), Declarator(""))
    return Cast(spelled, value, node.span, t)
