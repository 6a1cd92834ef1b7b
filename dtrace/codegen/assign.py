"""= and op=, ++ and --."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import MapRef
from dtrace.codegen import arith, dynvar, member, string
from dtrace.codegen.gen import is_aggregate, round_up
from dtrace.codegen.scan import has_effects
from dtrace.lang.nodes import Ident, Scoped
from dtrace.types.convert import is_signed, is_string

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Assign, Expr, Postfix, Unary
    from dtrace.types.model import Type

    Change = Callable[[VReg], VReg]


def cg_assign(cg: ClauseGen, node: Assign) -> VReg:
    """`left = right` or `left op= right`.  Its value is the whole right one, not what is stored."""
    if node.op != "=":
        return _compound(cg, node)
    assert node.left.type is not None
    if is_string(node.left.type):
        return _assign_string(cg, node)
    if is_aggregate(node.left.type):
        return member.cg_copy(cg, node)
    return _store(cg, node.left, cg.number(node.right))


def _compound(cg: ClauseGen, node: Assign) -> VReg:
    # The left operand's type alone decides the operation's sign (dt_cg.c, dt_cg_arithmetic_op).
    t = node.left.type
    assert t is not None
    scale = arith.element_size(t)

    def change(old: VReg) -> VReg:
        right = cg.operand(node.right)
        if scale:
            right = arith.scaled(cg, right, scale)
        return arith.arith(cg, node.op[:-1], old, right, signed=is_signed(t), shifts=t)

    if has_effects(node.left):
        # libdtrace finds the place once to read and once more to write: a[i++] += 1 reads a[0],
        # writes a[1] and leaves i at 2.
        return _store(cg, node.left, change(cg.expr(node.left)))
    return _update(cg, node.left, change)


def cg_prefix(cg: ClauseGen, node: Unary) -> VReg:
    """`++x` or `--x`."""
    return _update(cg, node.operand, _step(cg, node.op, node.operand.type))


def cg_postfix(cg: ClauseGen, node: Postfix) -> VReg:
    """`x++` or `x--`: the old value."""
    old: list[VReg] = []
    step = _step(cg, node.op, node.operand.type)

    def change(value: VReg) -> VReg:
        old.append(cg.code.copy(value))
        return step(value)

    _update(cg, node.operand, change)
    return old[0]


def _step(cg: ClauseGen, op: str, t: Type | None) -> Change:
    assert t is not None
    by = arith.element_size(t) or 1

    def change(value: VReg) -> VReg:
        cg.code.alu("add", value, by if op == "++" else -by)
        return value

    return change


def _store(cg: ClauseGen, target: Expr, value: VReg | int) -> VReg:
    # target = value, for scalars.
    element = dynvar.element_of(target)
    if element is not None:
        dynvar.cg_write(cg, element.variable, dynvar.cg_key(cg, element), value)
    else:
        member.store(cg, member.cg_place(cg, target), value)
    return cg.register(value)


def _update(cg: ClauseGen, target: Expr, change: Change) -> VReg:
    # target = change(target); the address or key is computed once.
    element = dynvar.element_of(target)
    if element is not None:
        variable, key = element.variable, dynvar.cg_key(cg, element)
        address = cg.code.helper("map_lookup_elem", MapRef(dynvar.map_name(variable)), key)
        value = change(dynvar.value_of(cg, variable, address))
        dynvar.cg_write(cg, variable, key, value)
        return value
    place = member.cg_place(cg, target)
    value = change(member.load(cg, place))
    member.store(cg, place, value)
    return value


def _assign_string(cg: ClauseGen, node: Assign) -> VReg:
    # The value is the copy in scratch memory, which may be NULL.
    copy = string.cg_copy(cg, node.right)
    nullable = string.may_be_null(node.right)
    element = dynvar.element_of(node.left)
    if element is not None:
        key = dynvar.cg_key(cg, element)
        dynvar.cg_write_copy(cg, element.variable, key, copy, nullable=nullable)
    else:
        # In a variable zeros fill the last word; in an array the next string may begin there.
        whole = isinstance(node.left, (Ident, Scoped))
        size = round_up(cg.target.strsize, 8) if whole else cg.target.strsize
        base, offset = member.reached(cg, member.cg_place(cg, node.left))
        string.store_variable(cg, copy, base, offset, size, nullable=nullable)
    return copy
