"""== != < <= > >= on integers, pointers and strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Label, VReg
from dtrace.codegen import string
from dtrace.types.convert import is_signed, is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary

OPS = ("==", "!=", "<", "<=", ">", ">=")
UNSIGNED = {"==": "jeq", "!=": "jne", "<": "jlt", "<=": "jle", ">": "jgt", ">=": "jge"}
SIGNED = UNSIGNED | {"<": "jslt", "<=": "jsle", ">": "jsgt", ">=": "jsge"}


def cg_compare(cg: ClauseGen, node: Binary) -> VReg:
    """`left op right` is 0 or 1.

            result = 1
            if left op right goto end
            result = 0
    end:
    """
    result, l_end = VReg(), Label("end")
    right: VReg | int
    assert node.optype is not None
    if is_string(node.optype):
        left, right = string.cg_compare_strings(cg, node)
        jumps = UNSIGNED
    else:
        left, right = cg.expr(node.left), cg.operand(node.right)
        jumps = SIGNED if is_signed(node.optype) else UNSIGNED
    cg.code.emit("mov64_imm", result, imm=1)
    cg.code.jump(jumps[node.op], left, right, l_end)
    cg.code.emit("mov64_imm", result, imm=0)
    cg.code.bind(l_end)
    return result
