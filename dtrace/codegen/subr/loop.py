"""Loops without back-edges: a step function, called often enough.

Kernels before 5.3 refuse loops, and a body repeated for every byte of a string would be larger
than they take.  So the body is a function of its own, which keeps its state in KEPT memory, where
the verifier forgets what it knew and all rounds look the same to it; a second function calls it
ROUND times, and a third one that one, until a step says that it is done.

The verifier follows what comes after a conditional jump first and keeps its target for later, at
most 8192 of them on one way through the program (BPF_COMPLEXITY_LIMIT_JMP_SEQ).  So what leaves the
loop stands after the jump and what goes on is its target: that way it has left the loop before it
comes to the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import VReg
    from dtrace.codegen.program import ProgramGen

ROUND = 16
CELL = 8  # bytes of a word of a loop's state


def define_loop(
    program: ProgramGen, name: str, params: int, times: int, step: Callable[[Code], None]
) -> str:
    """Make function `name`(mem, ...), unless it is there: up to `times` calls of what `step`
    writes, with the same `params` arguments, until one returns other than 0.

    The result is `name`.
    """
    if name in program.functions:
        return name
    inner = Code(f"{name}_step", params)
    step(inner)
    program.functions[inner.name] = inner
    if times > ROUND:
        _repeat(program, f"{name}_round", inner.name, params, ROUND)
        _repeat(program, name, f"{name}_round", params, -(-times // ROUND))
    else:
        _repeat(program, name, inner.name, params, times)
    return name


def _repeat(program: ProgramGen, name: str, inner: str, params: int, times: int) -> None:
    code = program.functions[name] = Code(name, params)
    l_done = Label("done")
    for _ in range(times):
        code.jump("jne", code.func(inner, *code.params), 0, l_done)
    code.ret(0)
    code.bind(l_done)
    code.ret(1)


def leave_unless(code: Code, op: str, left: VReg, right: VReg | int, l_leave: Label) -> None:
    """if left op right, go on; else goto `l_leave`."""
    l_on = Label("on")
    code.jump(op, left, right, l_on)
    code.goto(l_leave)
    code.bind(l_on)


def forget(program: ProgramGen, code: Code, mem: VReg, reg: VReg) -> None:
    """Send `reg` through memory, so that the verifier knows the same of it, nothing, on all ways to
    here: it would walk the loops that follow once for each way."""
    cell = Cell(program, "forgotten")
    cell.store(code, mem, reg)
    code.emit("mov64_reg", reg, cell.load(code, mem))


class Cell:
    """A word of a loop's state, in KEPT."""

    def __init__(self, program: ProgramGen, name: str) -> None:
        self.offset = program.keep(name, CELL)

    def load(self, code: Code, mem: VReg) -> VReg:
        """Its value, of which the verifier knows nothing."""
        return code.load("ldxdw", mem, self.offset, Area.KEPT)

    def store(self, code: Code, mem: VReg, value: VReg | int) -> None:
        """Give it a value; a number must fit 32 bits."""
        if isinstance(value, int):
            code.emit("stdw", mem, off=self.offset, imm=value, ref=Area.KEPT)
        else:
            code.emit("stxdw", mem, value, off=self.offset, ref=Area.KEPT)
