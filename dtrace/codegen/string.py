"""Strings: constants, copies, comparison.

A string value is an address, 0 for NULL.  In memory of ours a string is padded with zeros up to a
multiple of 8 bytes, so that two of them compare word by word, whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label, VReg
from dtrace.codegen import probename, state
from dtrace.codegen.gen import round_up
from dtrace.codegen.scan import in_process
from dtrace.lang.nodes import Ident, Index, IntLit, Scoped, StrLit, Ternary
from dtrace.probes.desc import PROBE_PARTS
from dtrace.types.convert import is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary, Expr, Stringof

# First word of a string variable that holds NULL: no string begins like that, for what follows a
# string's NUL is zero.
NULL_WORD = 0x4C4C554E00
TASK_COMM_LEN = 16


def cg_string(cg: ClauseGen, node: StrLit) -> VReg:
    """A string constant: its address in the read-only map."""
    return cg.literal(node.value)


def cg_stringof(cg: ClauseGen, node: Stringof) -> VReg:
    """`stringof(expr)`: a copy, for anything but a string."""
    assert node.operand.type is not None
    if is_string(node.operand.type):
        return cg.expr(node.operand)
    return to_scratch(cg, node.operand)


def bound(cg: ClauseGen, node: Expr) -> int:
    """The most bytes, with the NUL, that the value of string `node` needs."""
    limit = cg.target.strsize
    if isinstance(node, StrLit):
        return min(len(node.value) + 1, limit)
    if is_execname(node):
        return min(TASK_COMM_LEN, limit)
    if isinstance(node, Ident) and node.name in PROBE_PARTS:
        return min(max(map(len, probename.names(cg, node.name))) + 1, limit)
    if isinstance(node, Ternary):
        return max(bound(cg, node.yes), bound(cg, node.no))
    return limit


def is_execname(node: Expr) -> bool:
    """Whether `node` is the builtin execname, which a helper writes where it is wanted."""
    return isinstance(node, Ident) and node.name == "execname"


def may_be_null(node: Expr) -> bool:
    """Whether the string's address may be 0: only a variable's may, or a pointer's."""
    if isinstance(node, Ternary):
        return may_be_null(node.yes) or may_be_null(node.no)
    if isinstance(node, StrLit) or is_execname(node):
        return False
    return not (isinstance(node, Ident) and node.name in PROBE_PARTS)


def copy_string(cg: ClauseGen, node: Expr, area: Area, offset: int, size: int) -> None:
    """Copy the string `node` to `offset` of `area`, padded with zeros to round_up(size, 8) bytes.

    size: bytes, the NUL included; what is longer is cut.  NULL is a fault, as any bad address.
    """
    code = cg.code
    whole = round_up(size, 8)
    if isinstance(node, StrLit):
        _copy_constant(cg, node.value, area, offset, size)
        return
    if is_execname(node):
        execname_to(cg, area, offset, whole)
        if size < TASK_COMM_LEN:
            code.emit("stb", cg.mem, off=offset + size - 1, imm=0, ref=area)
        return
    source, user = cg.expr(node), in_process(node)
    cg.zero(offset, whole, area)
    _copy_from(cg, source, code.address(cg.mem, offset, area), size, user=user)


def _copy_from(cg: ClauseGen, source: VReg, to: VReg, size: int, *, user: bool) -> None:
    # Copy the string at address `source` to `to`, at most `size` bytes with its NUL.
    status = cg.code.helper(cg.reader(user=user, string=True), to, size, source)
    l_ok = Label("readable")
    cg.code.jump("jsge", status, 0, l_ok)
    cg.fault(state.Fault.BADADDR, source)
    cg.code.bind(l_ok)


def _copy_constant(cg: ClauseGen, value: str, area: Area, offset: int, size: int) -> None:
    whole = round_up(size, 8)
    value = value[: size - 1]
    filled = round_up(len(value) + 1, 8) if value else 0
    if filled:
        to = cg.code.address(cg.mem, offset, area)
        cg.code.helper(cg.reader(), to, filled, cg.literal(value))
    cg.zero(offset + filled, whole - filled, area)


def execname_to(cg: ClauseGen, area: Area, offset: int, whole: int) -> None:
    """Write the current task's name to `offset` of `area`, which has room for TASK_COMM_LEN bytes.

    The place is cleared first: not every kernel clears what follows the name.
    """
    cg.zero(offset, max(whole, TASK_COMM_LEN), area)
    cg.code.helper("get_current_comm", cg.code.address(cg.mem, offset, area), TASK_COMM_LEN)


def to_scratch(cg: ClauseGen, node: Expr) -> VReg:
    """The address of a copy of string `node` in scratch memory."""
    size = bound(cg, node)
    offset = cg.alloc(max(size, TASK_COMM_LEN) if is_execname(node) else size)
    copy_string(cg, node, Area.SCRATCH, offset, size)
    return cg.scratch_address(offset)


def cg_copy(cg: ClauseGen, node: Expr, size: int = 0) -> VReg:
    """The address of a copy of string `node` in scratch memory, or 0 if it is NULL.

    size: bytes of the copy, zeros included; those of a whole string if 0.
    """
    code, size = cg.code, size or cg.target.strsize
    if isinstance(node, IntLit):
        return code.const(0)
    offset = cg.alloc(max(size, TASK_COMM_LEN))
    if not may_be_null(node):
        copy_string(cg, node, Area.SCRATCH, offset, size)
        return cg.scratch_address(offset)
    source, user = cg.expr(node), in_process(node)
    copy, l_end = code.const(0), Label("copied")
    code.jump("jeq", source, 0, l_end)
    cg.zero(offset, round_up(size, 8))
    _copy_from(cg, source, cg.scratch_address(offset), size, user=user)
    code.emit("mov64_reg", copy, cg.scratch_address(offset))
    code.bind(l_end)
    return copy


def load_variable(cg: ClauseGen, base: VReg, offset: int) -> VReg:
    """The address of the string in a variable at base + offset, or 0 if the variable holds NULL."""
    code = cg.code
    first = code.load("ldxdw", base, offset)
    reg, l_end = code.const(0), Label("string")
    code.jump("jeq", first, NULL_WORD, l_end)
    code.emit("mov64_reg", reg, code.address(base, offset))
    code.bind(l_end)
    return reg


def store_variable(
    cg: ClauseGen, copy: VReg, base: VReg, offset: int, size: int, *, nullable: bool
) -> None:
    """Store the string at `copy`, in scratch memory, into the `size` bytes of a variable or of a
    part of one at base + offset.

    nullable: `copy` may be 0, for NULL.
    """
    code = cg.code
    l_null, l_end = Label("null"), Label("stored")
    if nullable:
        code.jump("jeq", copy, 0, l_null)
    code.helper(cg.reader(), code.address(base, offset), size, copy)
    if nullable:
        code.goto(l_end)
        code.bind(l_null)
        code.emit("stxdw", base, code.const(NULL_WORD), off=offset)
        code.bind(l_end)


def cg_compare_strings(cg: ClauseGen, node: Binary) -> tuple[VReg, VReg]:
    """Two registers that compare, unsigned, as the strings do.

            if left is NULL or right is NULL goto null
            l = left[0..7];  r = right[0..7];  if l != r goto differ       (for every word)
            goto end
    differ: l = be64 l;  r = be64 r
            goto end
    null:   l = left != NULL;  r = right != NULL
    end:
    """
    from dtrace.codegen.logic import truth

    code = cg.code
    l_null, l_differ, l_end = Label("null"), Label("differ"), Label("end")
    sides = (node.left, node.right)
    left, right = (_comparable(cg, side) for side in sides)
    nullable = any(may_be_null(side) for side in sides)
    for side, reg in zip(sides, (left, right), strict=True):
        if may_be_null(side):
            code.jump("jeq", reg, 0, l_null)
    l_word, r_word = VReg(), VReg()
    words = min(round_up(bound(cg, side), 8) // 8 for side in sides)
    for i in range(words):
        code.emit("ldxdw", l_word, left, off=8 * i)
        code.emit("ldxdw", r_word, right, off=8 * i)
        code.jump("jne", l_word, r_word, l_differ)
    code.goto(l_end)
    code.bind(l_differ)
    code.emit("be64", l_word)
    code.emit("be64", r_word)
    if nullable:
        code.goto(l_end)
        code.bind(l_null)
        code.emit("mov64_reg", l_word, truth(cg, left))
        code.emit("mov64_reg", r_word, truth(cg, right))
    code.bind(l_end)
    return l_word, r_word


def _comparable(cg: ClauseGen, node: Expr) -> VReg:
    # The string in memory of ours, padded with zeros, or 0 for NULL.
    assert node.type is not None
    if is_string(node.type) and not is_execname(node) and _is_padded(node):
        return cg.expr(node)
    return cg_copy(cg, node, bound(cg, node))


def _is_padded(node: Expr) -> bool:
    # Constants, variables, elements of associative arrays; a ternary is a copy.
    if isinstance(node, Index):
        return getattr(getattr(node.base, "ref", None), "keys", None) is not None
    return isinstance(node, (StrLit, Ident, Scoped, Ternary))
