"""Cooking members, casts and the other operands of expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import AggRef, Cast, Expr, IntLit, Member, Xlate
from dtrace.sema.compat import value_type
from dtrace.sema.cook_index import cook_place
from dtrace.sema.cook_name import default_type
from dtrace.sema.fold import constant, sized
from dtrace.sema.pointers import user_pointer
from dtrace.types.builtin import SIZE
from dtrace.types.convert import (
    compatible,
    is_pointer,
    is_scalar,
    is_strcompat,
    is_string,
    is_user,
    is_void,
    type_name,
)
from dtrace.types.layout import find_member
from dtrace.types.model import Function, Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from dtrace.lang.nodes import Sizeof, Stringof, StrLit
    from dtrace.sema.context import Context


def cook_constant(cx: Context, node: IntLit | StrLit) -> Expr:
    """A constant; folding gave it its type."""
    return node


# Members


def cook_member(cx: Context, node: Member) -> Expr:
    """`base.name` or `base->name`."""
    node.base = base = cx.cook(node.base)
    if isinstance(base, Xlate):
        from dtrace.sema.xlate import use_member

        return use_member(cx, base, node)
    struct = _struct_of(cx, node, value_type(base))
    found = find_member(struct, node.name)
    if found is None:
        message = f"{node.name} is not a member of {type_name(struct)}"
        raise cx.error(ErrTag.D_TYPE_MEMBER, message, node)
    t = found[0].type
    node.type = user_pointer(t) if is_user(value_type(base)) else t
    return node


def _struct_of(cx: Context, node: Member, t: Type) -> Struct:
    # The struct that `node` selects a member of, where its base has type `t`.
    op = "->" if node.arrow else "."
    t = resolve(t)
    if node.arrow:
        if not isinstance(t, Pointer):
            message = "operator -> must be applied to a pointer"
            raise cx.error(ErrTag.D_OP_PTR, message, node)
        t = resolve(t.target)
    if isinstance(t, Struct) and not t.complete and t.tag:
        known = cx.types.tag(t.kind, t.tag)
        t = known if isinstance(known, Struct) else t
    if not isinstance(t, Struct):
        what = "pointer to type" if node.arrow else "type"
        wanted = "a struct or union pointer" if node.arrow else "a struct or union"
        message = (
            f'operator {op} cannot be applied to {what} "{type_name(t)}"; '
            f"must be applied to {wanted}"
        )
        raise cx.error(ErrTag.D_OP_SOU, message, node)
    if not t.complete:
        message = (
            f"operator {op} cannot be applied to a forward declaration: "
            f"no {type_name(t)} definition is available"
        )
        raise cx.error(ErrTag.D_OP_INCOMPLETE, message, node)
    return t


# Types in expressions


def cook_cast(cx: Context, node: Cast) -> Expr:
    """`(type)operand`: between scalars, from arrays to pointers, from pointers to string, and
    anything to void."""
    node.operand = operand = cx.cook(node.operand)
    to, source = node.type, value_type(operand)
    assert to is not None
    allowed = (
        compatible(to, source)
        or (is_scalar(to) and (is_scalar(source) or isinstance(resolve(source), Function)))
        or is_void(to)
        or (isinstance(resolve(to), Pointer) and is_pointer(source))
        or (is_string(to) and (is_scalar(source) or is_pointer(source) or is_strcompat(source)))
    )
    if not allowed:
        message = f'invalid cast expression: "{cx.describe(operand)}" to "{type_name(to)}"'
        raise cx.error(ErrTag.D_CAST_INVAL, message, node)
    return node


def cook_sizeof(cx: Context, node: Sizeof) -> Expr:
    """`sizeof expr`: the size of its type; of what has a type name folding has made a constant."""
    assert isinstance(node.operand, Expr)
    operand = cook_place(cx, node.operand, create=False)
    default_type(cx, operand)
    if is_bitfield(operand):
        message = "cannot apply sizeof to a bit-field"
        raise cx.error(ErrTag.D_SIZEOF_BITFIELD, message, node)
    size = 0 if isinstance(operand, AggRef) else value_type(operand).size
    return constant(sized(cx, size, node), SIZE, node)


def is_bitfield(node: Expr) -> bool:
    """Whether a cooked node is a bit-field of a struct."""
    if not isinstance(node, Member) or node.base.type is None:
        return False
    struct = resolve(node.base.type)
    if isinstance(struct, Pointer):
        struct = resolve(struct.target)
    found = find_member(struct, node.name) if isinstance(struct, Struct) else None
    return found is not None and found[0].bits > 0


def cook_stringof(cx: Context, node: Stringof) -> Expr:
    """`stringof expr`: what an address or an array of char holds, as a string."""
    node.operand = operand = cook_place(cx, node.operand, create=False)
    default_type(cx, operand)
    t = value_type(operand)
    if not (is_scalar(t) or is_pointer(t) or is_strcompat(t)):
        message = f"cannot apply stringof to a value of type {cx.describe(operand)}"
        raise cx.error(ErrTag.D_STRINGOF_TYPE, message, node)
    node.type = cx.types.string
    return node


def cook_xlate(cx: Context, node: Xlate) -> Expr:
    """`xlate <type> (operand)`."""
    from dtrace.sema.xlate import cook_translation

    return cook_translation(cx, node)
