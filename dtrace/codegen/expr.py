"""Constants, casts, and the operators' dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.types.convert import is_integer, is_signed, is_string

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
    """`(type)operand`."""
    assert node.type is not None
    if is_string(node.type):
        return cg.expr(node.operand)
    reg = cg.register(cg.number(node.operand))
    assert node.operand.type is not None
    convert(cg, reg, node.operand.type, node.type)
    return reg


def convert(cg: ClauseGen, reg: VReg, source: Type, to: Type) -> None:
    """Bring `reg` from type `source` to integer type `to`.

    As in DTrace (2.0.7, observed) a value is cut to a narrower type, to one of its size and the
    other sign, and from a signed type to an unsigned one.  Any other cast keeps all 64 bits, also
    those of a result that was too large for `source`.
    """
    if not is_integer(to) or to.size >= 8:
        return
    changes_sign = is_signed(to) != is_signed(source)
    if to.size < source.size or (changes_sign and (to.size == source.size or is_signed(source))):
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
