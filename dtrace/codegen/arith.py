"""+ - * / % & | ^ << >>, unary minus, plus and ~.

All arithmetic is 64 bits wide, whatever the operands' types: a result is cut when it is stored or
cast, as in DTrace (its chapter on types and operators).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import S32_MAX, Label, VReg
from dtrace.codegen import state
from dtrace.codegen.gen import cut
from dtrace.types.convert import is_signed, is_string, pointee

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary, Unary
    from dtrace.types.model import Type

OPS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "%": "mod",
    "&": "and",
    "|": "or",
    "^": "xor",
    "<<": "lsh",
    ">>": "rsh",
}


def cg_arith(cg: ClauseGen, node: Binary) -> VReg:
    """`left op right`."""
    assert node.left.type is not None
    assert node.right.type is not None
    left = cg.register(cg.number(node.left))
    right = cg.number(node.right)
    left_scale, right_scale = element_size(node.left.type), element_size(node.right.type)
    if node.op == "-" and left_scale and right_scale:
        # The distance of two pointers, in elements.
        cg.code.alu("sub", left, right)
        return signed_divide(cg, "div", left, left_scale) if left_scale > 1 else left
    if left_scale:
        right = scaled(cg, right, left_scale)
    elif right_scale:
        cg.code.alu("mul", left, right_scale)
    optype = node.optype or node.type
    assert optype is not None
    return arith(cg, node.op, left, right, signed=is_signed(optype), shifts=node.left.type)


def element_size(t: Type) -> int:
    """Bytes of what a pointer, array or string of type `t` points to; 0 if it is none."""
    if is_string(t):
        return 1
    target = pointee(t)
    return 0 if target is None else target.size or 1


def scaled(cg: ClauseGen, reg: VReg | int, size: int) -> VReg | int:
    """`reg` elements of `size` bytes, in bytes."""
    if isinstance(reg, int):
        return reg * size
    if size != 1:
        cg.code.alu("mul", reg, size)
    return reg


def arith(
    cg: ClauseGen, op: str, left: VReg, right: VReg | int, *, signed: bool, shifts: Type
) -> VReg:
    """left op right, in a register that may be `left`.

    shifts: the left operand's type, whose sign decides what >> brings in.
    """
    if op in "/%":
        if signed:
            return signed_divide(cg, OPS[op], left, right)
        if isinstance(right, int) and not 0 < right <= S32_MAX:
            right = cg.code.const(right)
        cg.code.alu(OPS[op], left, right)
        return left
    name = "arsh" if op == ">>" and is_signed(shifts) else OPS[op]
    if op in ("<<", ">>") and isinstance(right, int):
        right &= 63
    cg.code.alu(name, left, right)
    return left


def signed_divide(cg: ClauseGen, op: str, left: VReg, right: VReg | int) -> VReg:
    """left op right, signed, on the unsigned division that every kernel has.

            if right == 0 goto divide-by-zero
            sign = left ^ right  (for /)  or  left  (for %)
            left = |left|;  right = |right|
            left op= right
            if sign s>= 0 goto end
            left = -left
    end:

    A remainder has the dividend's sign, as in C and as constants are folded; DTrace 2.0.7 gives it
    the quotient's sign at run time.
    """
    code = cg.code
    sign = code.copy(left)
    magnitude(cg, left)
    if isinstance(right, int) and right != 0:
        right = cut(right, 8, signed=True)
        if right < 0 and op == "div":
            code.emit("xor64_imm", sign, imm=-1)
        code.alu(op, left, abs(right))
    else:
        divisor = code.const(0) if isinstance(right, int) else code.copy(right)
        l_ok = Label("divisor")
        code.jump("jne", divisor, 0, l_ok)
        cg.fault(state.Fault.DIVZERO)
        code.bind(l_ok)
        if op == "div":
            code.alu("xor", sign, divisor)
        magnitude(cg, divisor)
        code.alu(op, left, divisor)
    l_end = Label("end")
    code.jump("jsge", sign, 0, l_end)
    code.emit("neg64", left)
    code.bind(l_end)
    return left


def magnitude(cg: ClauseGen, reg: VReg) -> None:
    """reg = |reg|."""
    l_positive = Label("positive")
    cg.code.jump("jsge", reg, 0, l_positive)
    cg.code.emit("neg64", reg)
    cg.code.bind(l_positive)


def cg_negate(cg: ClauseGen, node: Unary) -> VReg:
    """`-operand`."""
    reg = cg.expr(node.operand)
    cg.code.emit("neg64", reg)
    return reg


def cg_plus(cg: ClauseGen, node: Unary) -> VReg:
    """`+operand`."""
    return cg.expr(node.operand)


def cg_complement(cg: ClauseGen, node: Unary) -> VReg:
    """`~operand`."""
    reg = cg.expr(node.operand)
    cg.code.emit("xor64_imm", reg, imm=-1)
    return reg
