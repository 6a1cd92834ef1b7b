"""= and op=, ++ and --."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.codegen import arith, dynvar, member, string
from dtrace.codegen.gen import is_signed
from dtrace.lang.nodes import Ident, Index, Scoped
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_string

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Assign, Expr, Postfix, Unary
    from dtrace.types.model import Type

    Change = Callable[[VReg], VReg]


def cg_assign(cg: ClauseGen, node: Assign) -> VReg:
    """`left = right` or `left op= right`.  Its value is the whole right one, not what is stored."""
    assert node.left.type is not None
    if node.op == "=":
        if is_string(node.left.type):
            return _assign_string(cg, node)
        if member.is_aggregate(node.left.type):
            return member.cg_copy(cg, node)
        return _store(cg, node.left, cg.operand(node.right))
    right_type, op = node.right.type, node.op[:-1]
    assert right_type is not None
    assert node.left.type is not None
    scale = arith.element_size(node.left.type)
    signed = is_signed(node.left.type) and is_signed(right_type)

    def change(old: VReg) -> VReg:
        right = cg.operand(node.right)
        if scale:
            right = arith.scaled(cg, right, scale)
        assert node.left.type is not None
        return arith.arith(cg, op, old, right, signed=signed, shifts=node.left.type)

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


def dynamic(node: Expr) -> tuple[Variable, list[Expr]] | None:
    """The dynamic variable that `node` stands for and its keys; None if it is something else."""
    if isinstance(node, Index):
        array = dynvar.array_variable(node)
        return (array, node.keys) if array is not None else None
    ref = node.ref if isinstance(node, (Ident, Scoped)) else None
    return (ref, []) if isinstance(ref, Variable) and dynvar.is_dynamic(ref) else None


def _store(cg: ClauseGen, target: Expr, value: VReg | int) -> VReg:
    # target = value, for scalars.
    found = dynamic(target)
    if found is not None:
        variable, keys = found
        dynvar.cg_write(cg, variable, dynvar.cg_key(cg, variable, keys), value)
    else:
        member.store(cg, member.cg_place(cg, target), value)
    return cg.code.const(value) if isinstance(value, int) else value


def _update(cg: ClauseGen, target: Expr, change: Change) -> VReg:
    # target = change(target); the address or key is computed once.
    found = dynamic(target)
    if found is not None:
        variable, keys = found
        key = dynvar.cg_key(cg, variable, keys)
        from dtrace.bpf.code import MapRef

        element = cg.code.helper("map_lookup_elem", MapRef(dynvar.map_name(variable)), key)
        value = change(dynvar.value_of(cg, variable, element))
        dynvar.cg_write(cg, variable, key, value)
        return value
    place = member.cg_place(cg, target)
    value = change(member.load(cg, place))
    member.store(cg, place, value)
    return value


def _assign_string(cg: ClauseGen, node: Assign) -> VReg:
    found = dynamic(node.left)
    if found is not None:
        variable, keys = found
        key = dynvar.cg_key(cg, variable, keys)
        dynvar.cg_write_string(cg, variable, key, node.right)
    else:
        place = member.cg_place(cg, node.left)
        string.store_variable(cg, node.right, place.base, place.offset)
    return cg.expr(node.left)
