"""&& || ^^ ! and ?:."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Label, VReg
from dtrace.codegen import compare, string
from dtrace.lang.nodes import Binary, Unary
from dtrace.types.convert import is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Expr, Ternary


def cg_logical(cg: ClauseGen, node: Binary) -> VReg:
    """`a && b` and `a || b` are 0 or 1; `b` runs only where `a` does not decide.

            result = 1
            if a && b goto end
            result = 0
    end:
    """
    result, l_end = cg.code.const(1), Label("end")
    jump_if(cg, node, l_end, holds=True)
    cg.code.emit("mov64_imm", result, imm=0)
    cg.code.bind(l_end)
    return result


def jump_if(cg: ClauseGen, node: Expr, to: Label, *, holds: bool) -> None:
    """Go to `to` if `node` is not 0, or, with holds=False, if it is 0."""
    if isinstance(node, Unary) and node.op == "!":
        jump_if(cg, node.operand, to, holds=not holds)
    elif isinstance(node, Binary) and node.op in compare.OPS:
        compare.cg_jump(cg, node, to, holds=holds)
    elif isinstance(node, Binary) and node.op in ("&&", "||"):
        # The truth of the left operand that makes it the whole's.
        decides = node.op == "||"
        l_skip = Label("decided")
        jump_if(cg, node.left, to if holds is decides else l_skip, holds=decides)
        jump_if(cg, node.right, to, holds=holds)
        cg.code.bind(l_skip)
    else:
        cg.code.jump("jne" if holds else "jeq", cg.expr(node), 0, to)


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
    jump_if(cg, node.cond, l_no, holds=False)
    code.emit("mov64_reg", result, _chosen(cg, node.yes, size))
    code.goto(l_end)
    code.bind(l_no)
    code.emit("mov64_reg", result, _chosen(cg, node.no, size))
    code.bind(l_end)
    return result


def _chosen(cg: ClauseGen, node: Expr, size: int) -> VReg:
    return string.cg_copy(cg, node, size) if size else cg.expr(node)
