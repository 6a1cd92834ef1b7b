"""Texts at work: strings that subroutines search and cut, in memory that is kept.

A text has LEAD bytes of zero before it and zeros after it, so that what begins at any of its bytes
may be compared with another whole text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import Area, Label
from dtrace.codegen import state
from dtrace.codegen.gen import round_up
from dtrace.codegen.scan import in_process
from dtrace.codegen.subr.loop import forget
from dtrace.lang.nodes import IntLit

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Expr

LEAD = 8
TEXT, PATTERN = "text", "pattern"  # names of texts


class Text(NamedTuple):
    """A text in KEPT, and its length."""

    name: str
    length: VReg  # known to be below strsize


def whole(program: ProgramGen) -> int:
    """Bytes of a whole string, a multiple of 8."""
    return round_up(program.target.strsize, 8)


def base(program: ProgramGen, name: str) -> int:
    """Offset in KEPT of the lead of text `name`."""
    return program.keep(name, 2 * (LEAD + whole(program)))


def start(program: ProgramGen, name: str) -> int:
    """Offset in KEPT of the first byte of text `name`."""
    return base(program, name) + LEAD


def source_of(cg: ClauseGen, node: Expr) -> VReg:
    """The address of a string argument.  NULL is a fault."""
    source = cg.expr(node)
    l_ok = Label("string")
    cg.code.jump("jne", source, 0, l_ok)
    cg.fault(state.Fault.BADADDR)
    cg.code.bind(l_ok)
    return source


def read(cg: ClauseGen, name: str, node: Expr, source: VReg) -> Text:
    """Copy the string at `source`, the value of `node`, to text `name`.  What cannot be read is
    an empty string, as in DTrace (2.0.7, observed)."""
    at = start(cg.program, name)
    cg.zero(at, whole(cg.program), Area.KEPT)
    to = cg.code.address(cg.mem, at, Area.KEPT)
    length = read_string(cg, to, cg.target.strsize, source, user=in_process(node))
    return Text(name, length)


def cg_text(cg: ClauseGen, name: str, node: Expr) -> Text:
    """The value of string `node` as text `name`."""
    return read(cg, name, node, source_of(cg, node))


def read_string(
    cg: ClauseGen, to: VReg, size: VReg | int, source: VReg, *, user: bool = False
) -> VReg:
    """Copy a string, at most `size` bytes with its NUL; the result is its length, 0 if it cannot
    be read."""
    code = cg.code
    length = code.copy(code.helper(cg.reader(user=user, string=True), to, size, source))
    l_read = Label("read")
    code.jump("jsgt", length, 0, l_read)
    code.emit("mov64_imm", length, imm=1)
    code.bind(l_read)
    code.alu("sub", length, 1)
    forget(cg.program, code, cg.mem, length)
    limit(cg, length, cg.target.strsize - 1)
    return length


def limit(cg: ClauseGen, reg: VReg, most: int) -> None:
    """State that `reg` is at most `most`, unsigned, which the verifier does not know."""
    cg.code.jump("jgt", reg, most, cg.l_abort)
    cg.code.bound(reg, most)


class Result(NamedTuple):
    """A string that is being made in scratch memory."""

    offset: int

    def address(self, cg: ClauseGen) -> VReg:
        """Where it begins."""
        return cg.scratch_address(self.offset)


def new_result(cg: ClauseGen) -> Result:
    """An empty string of full size."""
    size = whole(cg.program)
    result = Result(cg.alloc(size))
    cg.zero(result.offset, size)
    return result


def cut(cg: ClauseGen, name: str, first: VReg, length: VReg | int) -> VReg:
    """The address of a new string: at most `length` bytes of text `name` from `first` on, which is
    at most strsize."""
    code = cg.code
    result = new_result(cg)
    source = code.address(cg.mem, start(cg.program, name), Area.KEPT)
    limit(cg, first, cg.target.strsize)
    code.alu("add", source, first)
    if isinstance(length, int):
        size: VReg | int = length + 1
    else:
        size = code.copy(length)
        limit(cg, size, cg.target.strsize - 1)
        code.alu("add", size, 1)
        code.bound(size, cg.target.strsize)
    code.helper(cg.reader(string=True), result.address(cg), size, source)
    return result.address(cg)


def is_null(node: Expr) -> bool:
    """Whether `node` is the constant NULL."""
    return isinstance(node, IntLit) and node.value == 0
