"""Strings: constants, copies, comparison.

A string value is an address, 0 for NULL.  In memory of ours a string is padded with zeros up to a
multiple of 8 bytes, so that two of them compare word by word, whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label, VReg
from dtrace.codegen import probename, state
from dtrace.codegen.gen import round_up
from dtrace.lang.nodes import Ident, Index, IntLit, Scoped, StrLit, Ternary
from dtrace.types.convert import is_string
from dtrace.types.model import Pointer, resolve

if TYPE_CHECKING:
    from dtrace.bpf.code import Ref
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Binary, Expr, Stringof

# First word of a string variable that holds NULL: no string begins like that, for what follows a
# string's NUL is zero.
NULL_WORD = 0x4C4C554E00
TASK_COMM_LEN = 16


def cg_string(cg: ClauseGen, node: StrLit) -> VReg:
    """A string constant: its address in the read-only map."""
    return cg.value_address(state.RODATA, cg.program.intern(node.value))


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
    if isinstance(node, Ident) and node.name in probename.PARTS:
        return min(max(map(len, probename.names(cg, node.name))) + 1, limit)
    if isinstance(node, Ternary):
        return max(bound(cg, node.yes), bound(cg, node.no))
    return limit


def is_execname(node: Expr) -> bool:
    """Whether `node` is the builtin execname, which a helper writes where it is wanted."""
    return isinstance(node, Ident) and node.name == "execname"


def may_be_null(node: Expr) -> bool:
    """Whether the string's address may be 0: only a variable's may, or a pointer's."""
    if isinstance(node, (StrLit, Ternary)) or is_execname(node):
        return False
    return not (isinstance(node, Ident) and node.name in probename.PARTS)


def copy_string(cg: ClauseGen, node: Expr, area: Area, offset: int, size: int) -> None:
    """Copy the string `node` to `offset` of `area`, padded with zeros to round_up(size, 8) bytes.

    size: bytes, the NUL included; what is longer is cut.  NULL is a fault, as any bad address.
    """
    code = cg.code
    whole = round_up(size, 8)
    if isinstance(node, StrLit):
        _copy_constant(cg, node.value, area, offset, whole)
        return
    if is_execname(node):
        execname_to(cg, area, offset, whole)
        if cg.target.strsize < TASK_COMM_LEN:
            code.emit("stb", cg.mem, off=offset + size - 1, imm=0, ref=area)
        return
    source = cg.expr(node)
    cg.zero(offset, whole, area)
    copy_from(cg, source, code.address(cg.mem, offset, area), size, user=_is_user(node))


def copy_from(cg: ClauseGen, source: VReg, to: VReg, size: int, *, user: bool) -> None:
    """Copy the string at address `source` to `to`, at most `size` bytes with its NUL."""
    helper = cg.probe_read_str.replace("kernel", "user" if user else "kernel")
    status = cg.code.helper(helper, to, size, source)
    l_ok = Label("readable")
    cg.code.jump("jsge", status, 0, l_ok)
    cg.fault(state.Fault.BADADDR, source)
    cg.code.bind(l_ok)


def _is_user(node: Expr) -> bool:
    t = resolve(node.type) if node.type is not None else None
    return isinstance(t, Pointer) and t.user


def _copy_constant(cg: ClauseGen, value: str, area: Area, offset: int, whole: int) -> None:
    source = cg.program.intern(value)
    size = min(round_up(min(len(value) + 1, cg.target.strsize), 8), whole)
    if len(value) == 0:
        cg.zero(offset, whole, area)
        return
    to = cg.code.address(cg.mem, offset, area)
    cg.code.helper(cg.probe_read, to, size, cg.value_address(state.RODATA, source))
    if size < whole:
        cg.zero(offset + size, whole - size, area)


def execname_to(cg: ClauseGen, area: Area, offset: int, whole: int) -> None:
    """Write the current task's name to `offset` of `area`.

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


def copy_to_scratch(cg: ClauseGen, node: Expr, offset: int) -> None:
    """Copy string `node` to scratch memory at `offset`, padded to a whole string's size."""
    copy_string(cg, node, Area.SCRATCH, offset, cg.target.strsize)


def load_variable(cg: ClauseGen, base: VReg, offset: int, ref: Ref | None = None) -> VReg:
    """The address of the string in a variable at base + offset, or 0 if the variable holds NULL."""
    code = cg.code
    first = code.load("ldxdw", base, offset, ref)
    reg, l_end = code.const(0), Label("string")
    code.jump("jeq", first, NULL_WORD, l_end)
    code.emit("mov64_reg", reg, base)
    if offset or ref is not None:
        code.emit("add64_imm", reg, imm=offset, ref=ref)
    code.bind(l_end)
    return reg


def store_variable(cg: ClauseGen, node: Expr, base: VReg, offset: int) -> None:
    """Store string `node`, which may be NULL, into the variable at base + offset.

    It goes through scratch memory: it may come from the very variable.
    """
    code = cg.code
    size = round_up(cg.target.strsize, 8)
    l_null, l_end = Label("null"), Label("stored")
    if isinstance(node, IntLit):
        code.emit("stxdw", base, code.const(NULL_WORD), off=offset)
        return
    copy = cg.alloc(size)
    if may_be_null(node):
        source = cg.expr(node)
        code.jump("jeq", source, 0, l_null)
        cg.zero(copy, size)
        copy_from(cg, source, cg.scratch_address(copy), cg.target.strsize, user=_is_user(node))
    else:
        copy_string(cg, node, Area.SCRATCH, copy, cg.target.strsize)
    code.helper(cg.probe_read, code.address(base, offset), size, cg.scratch_address(copy))
    if may_be_null(node):
        code.goto(l_end)
        code.bind(l_null)
        code.emit("stxdw", base, code.const(NULL_WORD), off=offset)
        code.bind(l_end)


def compares_strings(node: Binary) -> bool:
    """Whether a comparison is of strings: one side is a string, and neither is the constant 0."""
    sides = (node.left, node.right)
    return any(s.type is not None and is_string(s.type) for s in sides) and not any(
        isinstance(s, IntLit) for s in sides
    )


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
    # The string in memory of ours, or 0.
    assert node.type is not None
    in_place = isinstance(node, (StrLit, Ident, Scoped, Index, Ternary)) and not is_execname(node)
    if is_string(node.type) and in_place:
        return cg.expr(node)
    return to_scratch(cg, node)
