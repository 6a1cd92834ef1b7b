"""Finding a byte in a text, eight bytes a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label
from dtrace.codegen.subr.loop import Cell, define_loop, leave_unless
from dtrace.codegen.subr.text import LEAD, base, whole

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen

ONES = 0x0101010101010101  # 1 in every byte
LOW = 0x7F * ONES
HIGH = 0x80 * ONES
WORD = 8  # bytes


def place(program: ProgramGen) -> Cell:
    """Where a search is: a position in its text, counted from the text's lead."""
    return Cell(program, "place")


def cg_find(
    cg: ClauseGen, name: str, byte: VReg | int, first: VReg | int, *, back: bool = False,
    other: bool = False,
) -> VReg:  # fmt: skip
    """The first position of a byte in text `name` from position `first` on; with `back` the last
    one up to it.  If there is none: what is behind the text's last byte; with `back` -1 or less.

    other: of a byte that is not `byte`.
    """
    code, program = cg.code, cg.program
    at = code.const(first) if isinstance(first, int) else code.copy(first)
    code.alu("add", at, LEAD)
    cell = place(program)
    cell.store(code, cg.mem, at)
    pattern = repeated(code, byte)
    flip = code.const(HIGH if other else 0)
    code.func(_define(program, name, back=back), cg.mem, pattern, flip)
    found = cell.load(code, cg.mem)
    code.alu("sub", found, LEAD)
    return found


def repeated(code: Code, byte: VReg | int) -> VReg:
    """A word with `byte` in all its bytes."""
    if isinstance(byte, int):
        return code.const(byte * ONES)
    pattern = code.copy(byte)
    code.alu("and", pattern, 0xFF)
    code.alu("mul", pattern, ONES)
    return pattern


def _define(program: ProgramGen, name: str, *, back: bool) -> str:
    def step(code: Code) -> None:
        _step(program, code, name, back=back)

    full = f"dt_{'rfind' if back else 'find'}_{name}"
    return define_loop(program, full, 3, whole(program) // WORD + 1, step)


def _step(program: ProgramGen, code: Code, name: str, *, back: bool) -> None:
    """
    step(mem, pattern, flip):
            at = place;  if at is not in the text return 1
            x = the 8 bytes that begin (back: end) at `at`, ^ pattern
            x = 0x80 in every byte that was 0, ^ flip
            if x == 0, place = at +- 8 and return 0
            place = at + the first byte that is not 0    (back: at - 7 + the last)
            return 1
    """
    mem, pattern, flip = code.params
    cell = place(program)
    l_done, l_none = Label("done"), Label("none")
    at = load_place(program, code, mem, l_done, back=back)
    p = code.copy(mem)
    code.alu("add", p, at)
    x = code.load("ldxdw", p, base(program, name) - (WORD - 1 if back else 0), Area.KEPT)
    code.alu("xor", x, pattern)
    low = code.const(LOW)
    t = code.copy(x)
    code.alu("and", t, low)
    code.alu("add", t, low)
    code.alu("or", t, x)
    code.alu("or", t, low)
    code.alu("xor", t, -1)
    code.alu("xor", t, flip)
    code.jump("jeq", t, 0, l_none)
    if back:
        for bits in (8, 16, 32):
            lower = code.copy(t)
            code.alu("rsh", lower, bits)
            code.alu("or", t, lower)
        code.alu("rsh", t, 7)
    else:
        # The lowest bit alone, less one: ones in all bytes up to the first marked one.
        lowest = code.copy(t)
        code.emit("neg64", lowest)
        code.alu("and", t, lowest)
        code.alu("sub", t, 1)
    code.alu("and", t, ONES)
    code.alu("mul", t, ONES)
    code.alu("rsh", t, 56)  # how many bytes hold a one
    code.alu("add", at, t)
    code.alu("sub", at, WORD if back else 1)
    cell.store(code, mem, at)
    code.bind(l_done)
    code.ret(1)
    code.bind(l_none)
    code.alu("sub" if back else "add", at, WORD)
    cell.store(code, mem, at)
    code.ret(0)


def load_place(
    program: ProgramGen, code: Code, mem: VReg, l_done: Label, *, back: bool = False
) -> VReg:
    """Where a step begins; `l_done` if that is beyond the text."""
    at = place(program).load(code, mem)
    last = LEAD + whole(program) - 1
    leave_unless(code, "jle", at, last, l_done)
    if back:
        leave_unless(code, "jge", at, LEAD, l_done)
    code.bound(at, last)
    return at
