"""Which pointers are into alloca()'s memory, and what may be done with them.

They are the only ones that a program can store through, and accesses through them are checked.  A
variable holds either such pointers or others (libdtrace: DT_NF_ALLOCA, DT_IDFLG_ALLOCA).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import (
    Assign,
    Binary,
    Call,
    Cast,
    Comma,
    Ident,
    Index,
    IntLit,
    Member,
    Postfix,
    Scoped,
    Ternary,
    Unary,
)
from dtrace.sema.cook_name import variable_of
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_string
from dtrace.types.model import Array, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtrace.lang.nodes import Expr, Node
    from dtrace.sema.context import Context

MAKERS = ("alloca", "copyin")
SIZE_ARGS = {"alloca": 0, "copyin": 1}
ARITHMETIC = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
TARGETS = {"bcopy": 1, "copyinto": 2}  # subroutine -> its argument that must be such a pointer


def is_alloca(node: Expr) -> bool:
    """Whether the value of a cooked `node` may be an address in alloca()'s memory."""
    if node.type is not None and is_string(node.type):
        return False
    match node:
        case Call():
            return node.name in MAKERS
        case Ident() | Scoped():
            return isinstance(node.ref, Variable) and node.ref.alloca
        case Binary():
            return node.op in ARITHMETIC and (is_alloca(node.left) or is_alloca(node.right))
        case Ternary():
            return is_alloca(node.yes) or is_alloca(node.no)
        case Assign():
            return is_alloca(node.right) or (node.op != "=" and is_alloca(node.left))
        case Comma():
            return is_alloca(node.right)
        case Cast() | Postfix():
            return is_alloca(node.operand)
        case Unary() if node.op == "&":
            return _holds(node.operand)
        case Unary() if node.op != "*":
            return node.op != "!" and is_alloca(node.operand)
        case Index() if (var := variable_of(node)) is not None:
            return var.alloca
    # The value of a struct or array is its address.
    by_address = node.type is not None and isinstance(resolve(node.type), (Struct, Array))
    return by_address and _holds(node)


def _holds(node: Expr) -> bool:
    """Whether the place that `node` stands for is in alloca()'s memory."""
    match node:
        case Member():
            return is_alloca(node.base) if node.arrow else _holds(node.base)
        case Index():
            return is_alloca(node.base)
        case Unary() if node.op == "*":
            return is_alloca(node.operand)
    return False


def check_assign(cx: Context, node: Assign) -> None:
    """Mark the variable that is assigned to as a holder of alloca()'s pointers, or of others.

    Raises CompileError D_ALLOCA_INCOMPAT.
    """
    var = variable_of(node.left)
    if var is None or node.op != "=" or is_string(var.type):
        return
    if _is_mixed(node.right):
        message = (
            "ternary conditional with alloca and non-alloca branches cannot be assigned to a "
            "variable"
        )
        raise cx.error(ErrTag.D_ALLOCA_INCOMPAT, message, node)
    if is_alloca(node.right):
        var.alloca = True
    elif not (isinstance(node.right, IntLit) and node.right.value == 0):
        var.ordinary = True
    if var.alloca and var.ordinary:
        message = (
            f"{var.name}: cannot reuse the same identifier for both alloca and non-alloca "
            "allocations"
        )
        raise cx.error(ErrTag.D_ALLOCA_INCOMPAT, message, node, cx.clause_line)


def _is_mixed(node: Expr) -> bool:
    """Whether the value is alloca()'s pointer or another, as a condition decides."""
    match node:
        case Ternary():
            sides = (node.yes, node.no)
            return is_alloca(node.yes) != is_alloca(node.no) or any(map(_is_mixed, sides))
        case Cast():
            return _is_mixed(node.operand)
        case Binary():
            return node.op in ARITHMETIC and (_is_mixed(node.left) or _is_mixed(node.right))
    return False


def check_call(cx: Context, node: Call) -> None:
    """Check a subroutine's call: a constant size, and what it writes to.

    Raises CompileError D_ALLOCA_SIZE, D_PROTO_ARG.
    """
    at = SIZE_ARGS.get(node.name)
    if at is not None and isinstance(size := node.args[at], IntLit):
        limit, wanted = cx.target.scratchsize, size.value & ((1 << 64) - 1)
        if wanted > limit:
            message = f"{node.name}({wanted}) size larger than scratchsize {limit}"
            raise cx.error(ErrTag.D_ALLOCA_SIZE, message, node)
    target = TARGETS.get(node.name)
    if target is not None and not is_alloca(node.args[target]):
        message = (
            f"{node.name}( ) argument #{target + 1} is incompatible with prototype:\n"
            "\tprototype: alloca pointer\n\t argument: non-alloca pointer"
        )
        raise cx.error(ErrTag.D_PROTO_ARG, message, node)


def uses_alloca(nodes: Iterable[Node]) -> bool:
    """Whether any of `nodes`, all of a clause's, makes or holds one of alloca()'s pointers."""
    for node in nodes:
        ref = getattr(node, "ref", None)
        if isinstance(node, Call) and node.name in MAKERS:
            return True
        if isinstance(ref, Variable) and ref.alloca:
            return True
    return False
