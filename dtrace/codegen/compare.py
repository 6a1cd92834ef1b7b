"""== != < <= > >= on integers, pointers and strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Label, VReg
from dtrace.codegen import string
from dtrace.lang.nodes import IntLit
from dtrace.types.convert import is_signed, is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary

OPS = ("==", "!=", "<", "<=", ">", ">=")
UNSIGNED = {"==": "jeq", "!=": "jne", "<": "jlt", "<=": "jle", ">": "jgt", ">=": "jge"}
SIGNED = UNSIGNED | {"<": "jslt", "<=": "jsle", ">": "jsgt", ">=": "jsge"}
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRROR = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def cg_compare(cg: ClauseGen, node: Binary) -> VReg:
    """`left op right` is 0 or 1.

            result = 1
            if left op right goto end
            result = 0
    end:
    """
    left, op, right, jumps = _operands(cg, node)
    result, l_end = cg.code.const(1), Label("end")
    cg.code.jump(jumps[op], left, right, l_end)
    cg.code.emit("mov64_imm", result, imm=0)
    cg.code.bind(l_end)
    return result


def cg_jump(cg: ClauseGen, node: Binary, to: Label, *, holds: bool) -> None:
    """Go to `to` if the comparison holds, or, with holds=False, if it does not."""
    left, op, right, jumps = _operands(cg, node)
    cg.code.jump(jumps[op if holds else OPPOSITE[op]], left, right, to)


def _operands(cg: ClauseGen, node: Binary) -> tuple[VReg, str, VReg | int, dict[str, str]]:
    # What to compare, how, and the jumps that do it.  A constant comes second.
    assert node.optype is not None
    if is_string(node.optype):
        left, right = string.cg_compare_strings(cg, node)
        return left, node.op, right, UNSIGNED
    jumps = SIGNED if is_signed(node.optype) else UNSIGNED
    if isinstance(node.left, IntLit):
        return cg.expr(node.right), MIRROR[node.op], node.left.value, jumps
    return cg.expr(node.left), node.op, cg.operand(node.right), jumps
