"""Which operands fit together: the rules on nodes, which know constants and translations.

The rules on types alone are in dtrace.types.convert.
"""

from __future__ import annotations

from dtrace.lang.nodes import Expr, IntLit, Xlate
from dtrace.types.builtin import CHAR, DYNAMIC
from dtrace.types.convert import (
    compatible,
    is_dynamic,
    is_integer,
    is_strcompat,
    is_string,
    is_void,
    pointee,
)
from dtrace.types.model import Array, Dynamic, Function, String, Struct, Type, resolve


def value_type(node: Expr) -> Type:
    """The type of a cooked node's value; translated data has none."""
    if isinstance(node, Xlate) or node.type is None:
        return DYNAMIC
    return node.type


def is_zero(node: Expr) -> bool:
    """Whether `node` is the constant 0."""
    return isinstance(node, IntLit) and node.value == 0


def is_positive_constant(node: Expr) -> bool:
    """Whether `node` is an integer constant above 0."""
    return isinstance(node, IntLit) and node.value > 0


def pointer_type(
    left: Type, right: Type, *, left_zero: bool = False, right_zero: bool = False
) -> Type | None:
    """The more specific one of two types if both are compatible pointers, or one is and the other
    the constant 0; else None.  Arrays and strings count as pointers."""
    if is_dynamic(left) or is_dynamic(right):
        return None
    if is_integer(left):
        return _base(right) if left_zero and _reference(right) is not None else None
    if is_integer(right):
        return _base(left) if right_zero and _reference(left) is not None else None
    to_left, to_right = _reference(left), _reference(right)
    if to_left is None or to_right is None:
        return None
    if is_void(to_right):
        return _base(left)
    if is_void(to_left) or compatible(to_left, to_right):
        return _base(right)
    return None


def _base(t: Type) -> Type:
    # A string without its name is an array.
    t = resolve(t)
    return Array(CHAR, t.size) if isinstance(t, String) else t


def _reference(t: Type) -> Type | None:
    return CHAR if is_string(t) else pointee(t)


def pointers_fit(left: Expr, right: Expr) -> Type | None:
    """As pointer_type(), of two nodes."""
    return pointer_type(
        value_type(left), value_type(right), left_zero=is_zero(left), right_zero=is_zero(right)
    )


def arguments_compatible(param: Type, arg: Expr) -> bool:
    """Whether `arg` may be passed where `param` is wanted, or assigned to a variable of that type
    (dt_parser.c, dt_node_is_argcompat)."""
    t = value_type(arg)
    if is_dynamic(param) or is_dynamic(t):
        return False
    if is_integer(param) and is_integer(t):
        return True
    if is_strcompat(param) and is_strcompat(t):
        return True
    wanted = resolve(param)
    if isinstance(wanted, Dynamic):
        return resolve(t) is wanted
    if isinstance(wanted, (Struct, Function)):
        return compatible(param, t)
    return pointer_type(param, t, right_zero=is_zero(arg)) is not None
