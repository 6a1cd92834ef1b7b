"""Cooking operators.

D's rules are in dt_parser.c (dt_cook_op1, dt_cook_op2, dt_cook_op3), which follow K&R, appendix A,
but for the missing promotion to int.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import (
    AggRef,
    Assign,
    Binary,
    Call,
    Cast,
    Comma,
    Expr,
    Ident,
    Index,
    IntLit,
    Member,
    Postfix,
    Scoped,
    Unary,
    Xlate,
)
from dtrace.sema.compat import arguments_compatible, is_zero, pointers_fit, value_type
from dtrace.sema.cook_expr import is_bitfield
from dtrace.sema.cook_index import cook_place
from dtrace.sema.cook_name import default_type, set_type, variable_of
from dtrace.sema.idents import IdentDef, IdentKind
from dtrace.sema.pointers import check_bounds, dereferenced, is_indexable, user_pointer
from dtrace.sema.scope import kind_name
from dtrace.types.builtin import DYNAMIC, INT, PTRDIFF, UINT64
from dtrace.types.convert import (
    compatible,
    is_integer,
    is_pointer,
    is_scalar,
    is_strcompat,
    is_string,
    is_user,
    is_vfptr,
    promote,
    type_name,
)
from dtrace.types.model import Array, Enum, Function, Pointer, Type, resolve

if TYPE_CHECKING:
    from dtrace.lang.nodes import Ternary
    from dtrace.sema.context import Context


# Operators with one operand


def cook_unary(cx: Context, node: Unary) -> Expr:
    """A prefix operator."""
    if node.op in ("++", "--"):
        return _step(cx, node)
    node.operand = operand = cook_place(cx, node.operand, create=False)
    default_type(cx, operand)
    t = value_type(operand)
    match node.op:
        case "*":
            return _dereference(cx, node)
        case "&":
            return _address(cx, node)
        case "!":
            _require(cx, node, is_scalar(t), ErrTag.D_OP_SCALAR, "an operand of scalar type")
            node.type = INT
        case "~":
            _require(cx, node, is_integer(t), ErrTag.D_OP_INT, "an operand of integral type")
            node.type = t
        case _:
            arithmetic = is_integer(t)
            _require(cx, node, arithmetic, ErrTag.D_OP_ARITH, "an operand of arithmetic type")
            node.type = t
    return node


def _require(cx: Context, node: Expr, holds: bool, tag: ErrTag, what: str) -> None:
    if not holds:
        op = node.op  # type: ignore[attr-defined]
        raise cx.error(tag, f"operator {op} requires {what}", node)


def cook_postfix(cx: Context, node: Postfix) -> Expr:
    """`x++`, `x--`."""
    return _step(cx, node)


def _step(cx: Context, node: Unary | Postfix) -> Expr:
    # ++ and --, before or after: they define a variable that is new.
    _refuse_aggregation(cx, node.operand, node)
    node.operand = operand = cook_place(cx, node.operand)
    default_type(cx, operand)
    t = value_type(operand)
    _require(cx, node, is_scalar(t), ErrTag.D_OP_SCALAR, "operand of scalar type")
    _require(cx, node, not is_vfptr(t), ErrTag.D_OP_VFPTR, "an operand of known size")
    check_writable(cx, node.op, operand, node)
    node.type = t
    return node


def _refuse_aggregation(cx: Context, operand: Expr, node: Expr) -> None:
    """A whole aggregation has no value to go on from.  Raises CompileError D_VAR_UNDEF."""
    if isinstance(operand, AggRef) and operand.keys is None:
        message = f"@{operand.name} has not yet been declared or assigned"
        raise cx.error(ErrTag.D_VAR_UNDEF, message, node)


def _dereference(cx: Context, node: Unary) -> Expr:
    operand = node.operand
    if isinstance(operand, Xlate) and operand.type is not None and is_pointer(operand.type):
        operand.type = dereferenced(cx, operand.type, node)
        return operand
    node.type = dereferenced(cx, value_type(operand), node)
    return node


def _address(cx: Context, node: Unary) -> Expr:
    operand = node.operand
    if isinstance(operand, AggRef) or variable_of(operand) is not None or _is_builtin(operand):
        message = "cannot take address of dynamic variable"
        raise cx.error(ErrTag.D_ADDROF_VAR, message, node)
    if value_type(operand) is DYNAMIC:
        message = "cannot take address of dynamic object"
        raise cx.error(ErrTag.D_ADDROF_VAR, message, node)
    if not is_lvalue(operand):
        message = "unacceptable operand for unary & operator"
        raise cx.error(ErrTag.D_ADDROF_LVAL, message, node)
    if is_bitfield(operand):
        raise cx.error(ErrTag.D_ADDROF_BITFIELD, "cannot take address of bit-field", node)
    node.type = Pointer(value_type(operand), user=_in_process(operand))
    return node


def _is_builtin(node: Expr) -> bool:
    # A builtin variable, or an element of a builtin array.
    name = node.base if isinstance(node, Index) else node
    return isinstance(name, Ident) and isinstance(name.ref, IdentDef)


def _in_process(node: Expr) -> bool:
    # Whether the place that `node` stands for is in a process's memory.
    if isinstance(node, Member):
        return is_user(value_type(node.base)) if node.arrow else _in_process(node.base)
    if isinstance(node, Unary) and node.op == "*":
        return is_user(value_type(node.operand))
    return isinstance(node, Index) and (is_user(value_type(node.base)) or _in_process(node.base))


# Places


def is_lvalue(node: Expr) -> bool:
    """Whether a cooked node stands for a place, which may still not be writable."""
    if isinstance(node, (Ident, Scoped)):
        return True
    if isinstance(node, Index):
        return variable_of(node) is not None or _is_builtin(node) or not _is_array(node)
    if isinstance(node, Member):
        return not _is_array(node) and (node.arrow or is_lvalue(node.base))
    return isinstance(node, Unary) and node.op == "*" and not _is_array(node)


def _is_array(node: Expr) -> bool:
    return isinstance(resolve(value_type(node)), Array)


def is_writable(node: Expr) -> bool:
    """Whether a cooked lvalue is in, or reached through, a D variable.

    Of a sum only the left side counts; no other arithmetic leads to a place that can be written.
    """
    if isinstance(node, (Member, Index)):
        return variable_of(node) is not None or is_writable(node.base)
    if isinstance(node, Unary) and node.op == "*":
        inner = node.operand
        if isinstance(inner, Binary) and inner.op == "+":
            inner = inner.left
        return is_writable(inner)
    if isinstance(node, (Cast, Postfix)) or (isinstance(node, Unary) and node.op in ("++", "--")):
        return is_writable(node.operand)
    if isinstance(node, Assign):
        return is_writable(node.left)
    if isinstance(node, Comma):
        return is_writable(node.right)
    return variable_of(node) is not None


def check_writable(cx: Context, op: str, left: Expr, node: Expr) -> None:
    """Check that `op` may write to `left`.  Raises CompileError D_OP_LVAL, D_OP_WRITE."""
    if not is_lvalue(left):
        message = f"operator {op} requires modifiable lvalue as an operand"
        raise cx.error(ErrTag.D_OP_LVAL, message, node)
    if not is_writable(left):
        message = f"operator {op} can only be applied to a writable variable"
        raise cx.error(ErrTag.D_OP_WRITE, message, node)


# Operators with two operands


def cook_binary(cx: Context, node: Binary) -> Expr:
    """Arithmetic, shifts, comparisons and logical operators."""
    if node.op in _RELATIONAL:
        return _compare(cx, node)
    node.left, node.right = left, right = cx.cook(node.left), cx.cook(node.right)
    a, b = value_type(left), value_type(right)
    if node.op in "+-":
        return _add(cx, node, a, b)
    if node.op in ("&&", "||", "^^"):
        scalars = is_scalar(a) and is_scalar(b)
        _require(cx, node, scalars, ErrTag.D_OP_SCALAR, "operands of scalar type")
        node.type = INT
        return node
    integers = is_integer(a) and is_integer(b)
    if node.op in "*/":
        _require(cx, node, integers, ErrTag.D_OP_ARITH, "operands of arithmetic type")
    else:
        _require(cx, node, integers, ErrTag.D_OP_INT, "operands of integral type")
    node.type = a if node.op in ("<<", ">>") else promote(a, b)
    node.optype = node.type
    return node


_RELATIONAL = ("==", "!=", "<", "<=", ">", ">=")


def _incompatible(cx: Context, node: Expr, left: Expr, op: str, right: Expr) -> Exception:
    message = f'operands have incompatible types: "{cx.describe(left)}" {op} "{cx.describe(right)}"'
    return cx.error(ErrTag.D_OP_INCOMPAT, message, node)


def _add(cx: Context, node: Binary, a: Type, b: Type) -> Expr:
    """+ and -: of integers; of a pointer and an integer; of two pointers their distance."""
    if is_integer(a) and is_integer(b):
        node.type = promote(a, b)
    elif is_indexable(a) and is_integer(b):
        check_bounds(cx, a, node.right, node)
        node.type = a
    elif is_integer(a) and is_indexable(b) and node.op == "+":
        node.type = b
    elif (
        is_indexable(a)
        and is_indexable(b)
        and node.op == "-"
        and pointers_fit(node.left, node.right) is not None
    ):
        node.type = PTRDIFF
    else:
        raise _incompatible(cx, node, node.left, node.op, node.right)
    node.optype = node.type
    return node


def _compare(cx: Context, node: Binary) -> Expr:
    """Comparisons: of integers, of a string with what can be one, of pointers; otherwise of equal
    types.  `optype` is string, the integer type, or for pointers one that is unsigned."""
    node.left = left = cx.cook(node.left)
    a = value_type(left)
    node.right = right = cx.cook(_enumerator(cx, node, a) or node.right)
    b = value_type(right)
    strings = is_strcompat(a) and is_strcompat(b) and (is_string(a) or is_string(b))
    fits = compatible(a, b) or (is_integer(a) and is_integer(b)) or strings
    if not fits and pointers_fit(left, right) is None:
        raise _incompatible(cx, node, left, node.op, right)
    if strings:
        node.optype = cx.types.string
    elif is_integer(a) and is_integer(b):
        node.optype = promote(a, b)
    else:
        node.optype = UINT64
    node.type = INT
    return node


def _enumerator(cx: Context, node: Binary, left: Type) -> Expr | None:
    # A name on the right that is an enumerator of the left operand's type, as a constant.
    enum, name = resolve(left), node.right
    if not isinstance(enum, Enum) or not isinstance(name, Ident) or name.name not in enum.values:
        return None
    symbol = cx.names.lookup(name.name)
    if symbol is not None:
        message = (
            f"ambiguous use of operator {node.op}: {name.name} is both a {type_name(left)} "
            f"enum tag and a global {kind_name(symbol)}"
        )
        raise cx.error(ErrTag.D_IDENT_AMBIG, message, node)
    return IntLit(enum.values[name.name], "", name.span, left)


def cook_comma(cx: Context, node: Comma) -> Expr:
    """`left, right`."""
    node.left, node.right = left, right = cx.cook(node.left), cx.cook(node.right)
    if value_type(left) is DYNAMIC or value_type(right) is DYNAMIC:
        message = "operator , operands cannot be of dynamic type"
        raise cx.error(ErrTag.D_OP_DYN, message, node)
    if _is_action(left) or _is_action(right):
        raise cx.error(ErrTag.D_OP_ACT, "operator , operands cannot be actions", node)
    node.type = value_type(right)
    return node


def _is_action(node: Expr) -> bool:
    return isinstance(node, Call) and node.ref is not None and node.ref.kind is IdentKind.ACTION


def cook_ternary(cx: Context, node: Ternary) -> Expr:
    """`cond ? yes : no`."""
    node.cond = cond = cx.cook(node.cond)
    node.yes, node.no = yes, no = cx.cook(node.yes), cx.cook(node.no)
    a, b = value_type(yes), value_type(no)
    if not is_scalar(value_type(cond)):
        message = "operator ?: expression must be of scalar type"
        raise cx.error(ErrTag.D_OP_SCALAR, message, node)
    if a is DYNAMIC or b is DYNAMIC:
        message = "operator ?: operands cannot be of dynamic type"
        raise cx.error(ErrTag.D_OP_DYN, message, node)
    if compatible(a, b):
        node.type = a
    elif is_integer(a) and is_integer(b):
        node.type = promote(a, b)
    elif is_strcompat(a) and is_strcompat(b) and (is_string(a) or is_string(b)):
        node.type = cx.types.string
    else:
        node.type = pointers_fit(yes, no)
    if node.type is None:
        message = "operator ?: operands must have compatible types"
        raise cx.error(ErrTag.D_OP_INCOMPAT, message, node)
    if _is_action(yes) or _is_action(no):
        message = "action cannot be used in a conditional context"
        raise cx.error(ErrTag.D_OP_ACT, message, node)
    return node


# Assignments


def cook_assign(cx: Context, node: Assign) -> Expr:
    """`=` and the compound assignments."""
    if node.op != "=":
        return _compound(cx, node)
    if isinstance(node.left, AggRef) or (
        isinstance(node.left, Index) and isinstance(node.left.base, AggRef)
    ):
        from dtrace.sema.cook_agg import cook_aggregation

        return cook_aggregation(cx, node)
    node.left = left = cook_place(cx, node.left)
    node.right = right = cx.cook(node.right)
    var = variable_of(left)
    t = value_type(right)
    translated = isinstance(right, Xlate) and right.type is not None and not is_pointer(right.type)
    if translated and right.type is not None:
        t = right.type
    if var is not None and var in cx.names.virgins:
        set_type(cx, left, var, user_pointer(t) if is_user(value_type(right)) else t)
    elif var is not None:
        set_type(cx, left, var, var.type)
    wanted = value_type(left)
    if isinstance(resolve(wanted), (Array, Function)):
        message = f'operator = may not be applied to operand of type "{cx.describe(left)}"'
        raise cx.error(ErrTag.D_OP_ARRFUN, message, node)
    translated = translated and compatible(wanted, t)
    deletes = var is not None and (var.keys is not None or var.scope == "self") and is_zero(right)
    if not (translated or arguments_compatible(wanted, right) or deletes):
        raise _incompatible(cx, node, left, "=", right)
    check_writable(cx, "=", left, node)
    node.type = wanted
    return node


def _compound(cx: Context, node: Assign) -> Expr:
    # `left op= right`: left is read, so it must have a value.
    _refuse_aggregation(cx, node.left, node)
    if isinstance(node.left, Ident):
        node.left = cook_place(cx, node.left)
    node.left, node.right = left, right = cx.cook(node.left), cx.cook(node.right)
    a, b = value_type(left), value_type(right)
    integers = is_integer(a) and is_integer(b)
    if node.op in ("*=", "/="):
        _require(cx, node, integers, ErrTag.D_OP_ARITH, "operands of arithmetic type")
    elif node.op not in ("+=", "-="):
        _require(cx, node, integers, ErrTag.D_OP_INT, "operands of integral type")
    elif is_string(a) or is_string(b):
        raise _incompatible(cx, node, left, node.op, right)
    elif not integers:
        known = is_pointer(a) and not is_vfptr(a)
        what = "left-hand scalar operand of known size"
        _require(cx, node, known, ErrTag.D_OP_VFPTR, what)
        if not is_integer(b) and pointers_fit(left, right) is None:
            raise _incompatible(cx, node, left, node.op, right)
    check_writable(cx, node.op, left, node)
    node.type = a
    return node
