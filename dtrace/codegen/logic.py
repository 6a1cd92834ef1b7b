"""&& || ^^ ! and ?:."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Label, VReg
from dtrace.codegen import string
from dtrace.types.convert import is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary, Expr, Ternary, Unary


def cg_logical_and(cg: ClauseGen, node: Binary) -> VReg:
    """`a && b` is 0 or 1, and `b` runs only where `a` is not 0.

            result = 0
            if left == 0 goto end
            if right == 0 goto end
            result = 1
    end:
    """
    result, l_end = cg.code.const(0), Label("end")
    cg.code.jump("jeq", cg.expr(node.left), 0, l_end)
    cg.code.jump("jeq", cg.expr(node.right), 0, l_end)
    cg.code.emit("mov64_imm", result, imm=1)
    cg.code.bind(l_end)
    return result


def cg_logical_or(cg: ClauseGen, node: Binary) -> VReg:
    """`a || b` is 0 or 1, and `b` runs only where `a` is 0.

            result = 1
            if left != 0 goto end
            if right != 0 goto end
            result = 0
    end:
    """
    result, l_end = cg.code.const(1), Label("end")
    cg.code.jump("jne", cg.expr(node.left), 0, l_end)
    cg.code.jump("jne", cg.expr(node.right), 0, l_end)
    cg.code.emit("mov64_imm", result, imm=0)
    cg.code.bind(l_end)
    return result


def cg_logical_xor(cg: ClauseGen, node: Binary) -> VReg:
    """`a ^^ b` is 1 if just one of them is not 0."""
    left = truth(cg, cg.expr(node.left))
    right = truth(cg, cg.expr(node.right))
    cg.code.alu("xor", left, right)
    return left


def cg_logical_not(cg: ClauseGen, node: Unary) -> VReg:
    """`!operand`."""
    result = truth(cg, cg.expr(node.operand))
    cg.code.emit("xor64_imm", result, imm=1)
    return result


def truth(cg: ClauseGen, reg: VReg) -> VReg:
    """1 if `reg` is not 0, else 0, in a register of its own."""
    result, l_end = cg.code.const(1), Label("end")
    cg.code.jump("jne", reg, 0, l_end)
    cg.code.emit("mov64_imm", result, imm=0)
    cg.code.bind(l_end)
    return result


def cg_ternary(cg: ClauseGen, node: Ternary) -> VReg:
    """`cond ? yes : no`.  Of two strings the result is a copy in scratch memory, so that zeros
    follow it up to the bound of both, whichever way was taken.

            if cond == 0 goto no
            result = yes
            goto end
    no:     result = no
    end:
    """
    code = cg.code
    assert node.type is not None
    l_no, l_end = Label("no"), Label("end")
    result, size = VReg(), 0
    if is_string(node.type):
        size = string.bound(cg, node)
    code.jump("jeq", cg.expr(node.cond), 0, l_no)
    code.emit("mov64_reg", result, _chosen(cg, node.yes, size))
    code.goto(l_end)
    code.bind(l_no)
    code.emit("mov64_reg", result, _chosen(cg, node.no, size))
    code.bind(l_end)
    return result


def _chosen(cg: ClauseGen, node: Expr, size: int) -> VReg:
    return string.cg_copy(cg, node, size) if size else cg.expr(node)
