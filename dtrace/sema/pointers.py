"""Pointers, arrays and strings as operands: moved by an index, followed, kept out of bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Expr, IntLit
from dtrace.types.builtin import CHAR
from dtrace.types.convert import is_pointer, is_string, is_user, is_vfptr, is_void, pointee
from dtrace.types.model import Array, Function, Pointer, Type, resolve

if TYPE_CHECKING:
    from dtrace.sema.context import Context


def is_indexable(t: Type) -> bool:
    """Whether integers can be added to values of type `t`: strings count, pointers to void not."""
    return is_string(t) or (is_pointer(t) and not is_vfptr(t))


def check_bounds(cx: Context, array: Type, index: Expr, node: Expr) -> None:
    """Check a constant index into a C array of two elements or more.

    Raises CompileError D_ARR_BOUNDS.
    """
    t = resolve(array)
    if isinstance(t, Array) and isinstance(index, IntLit) and t.count > 1:
        at = index.value & ((1 << 64) - 1)
        if at >= t.count:
            message = f"index outside array bounds: {at}, max is {t.count}"
            raise cx.error(ErrTag.D_ARR_BOUNDS, message, node)


def dereferenced(cx: Context, t: Type, node: Expr) -> Type:
    """The type of what a pointer of type `t` points to.

    Raises CompileError D_DEREF_NONPTR, D_DEREF_VOID, D_DEREF_FUNC.
    """
    target = CHAR if is_string(t) else pointee(t)
    if target is None:
        message = "cannot dereference non-pointer type"
        raise cx.error(ErrTag.D_DEREF_NONPTR, message, node)
    if is_void(target):
        raise cx.error(ErrTag.D_DEREF_VOID, "cannot dereference pointer to void", node)
    if isinstance(resolve(target), Function):
        raise cx.error(ErrTag.D_DEREF_FUNC, "cannot dereference pointer to function", node)
    return user_pointer(target) if is_user(t) else target


def user_pointer(t: Type) -> Type:
    """`t`, as a pointer into the process if it is a pointer."""
    inner = resolve(t)
    return Pointer(inner.target, user=True) if isinstance(inner, Pointer) else t
