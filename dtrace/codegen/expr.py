"""Constants, casts, and the operators' dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.codegen.gen import is_signed
from dtrace.types.model import Int, resolve

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary, Cast, Comma, IntLit, Unary
    from dtrace.types.model import Type


def cg_int(cg: ClauseGen, node: IntLit) -> VReg:
    """A constant."""
    return cg.code.const(node.value)


def cg_unary(cg: ClauseGen, node: Unary) -> VReg:
    """A prefix operator."""
    from dtrace.codegen.dispatch import UNARY

    return UNARY[node.op](cg, node)


def cg_binary(cg: ClauseGen, node: Binary) -> VReg:
    """An operator with two operands."""
    from dtrace.codegen.dispatch import BINARY

    return BINARY[node.op](cg, node)


def cg_comma(cg: ClauseGen, node: Comma) -> VReg:
    """`left, right`: left for its effects."""
    cg.expr(node.left)
    return cg.expr(node.right)


def cg_cast(cg: ClauseGen, node: Cast) -> VReg:
    """`(type)operand`.  As in DTrace a value is only cut where the cast narrows it or changes its
    sign at the same size: a wider type keeps all 64 bits of a result that was too large for its
    own type."""
    reg = cg.expr(node.operand)
    assert node.type is not None
    assert node.operand.type is not None
    convert(cg, reg, node.operand.type, node.type)
    return reg


def convert(cg: ClauseGen, reg: VReg, source: Type, to: Type) -> None:
    """Bring `reg` from integer type `source` to type `to`."""
    if not isinstance(resolve(to), Int) or to.size >= 8:
        return
    if to.size < source.size or is_signed(to) != is_signed(source):
        narrow(cg, reg, to)


def narrow(cg: ClauseGen, reg: VReg, to: Type) -> None:
    """Cut `reg` to the size of `to` and extend it by its sign."""
    bits = 64 - 8 * to.size
    if is_signed(to):
        cg.code.emit("lsh64_imm", reg, imm=bits)
        cg.code.emit("arsh64_imm", reg, imm=bits)
    elif to.size == 4:
        cg.code.emit("mov32_reg", reg, reg)
    else:
        cg.code.emit("and64_imm", reg, imm=(1 << 8 * to.size) - 1)
