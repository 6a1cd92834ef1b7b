"""Stepper: a program that runs an instruction at a time, so that others can run in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.vm.call import Exit, TailCall
from emu.vm.fault import Kind, VmFault
from emu.vm.run import Frame

if TYPE_CHECKING:
    from emu.prog import Insn
    from emu.vm.interp import Vm
    from emu.vm.run import Run


class Stepper:
    """One run of a program, whatever its engine: the interpreter's steps, from outside.

    A call of a helper is one step, with the functions of the program that the helper calls; so is
    a tail call that a subprog ends with.

    run: an execution context that nothing else uses until the run has ended.
    ctx: address of the context.

    result: r0, a u64, once the program has ended; None before.
    """

    __slots__ = ("_left", "_pc", "_r", "_run", "_vm", "result")

    def __init__(self, vm: Vm, run: Run, ctx: int) -> None:
        run.ctx = ctx
        run.frames.clear()
        run.tail_calls.clear()
        run.loops.clear()
        self._run = run
        self._left = vm.budget
        self.result: int | None = None
        self._enter(vm)

    def _enter(self, vm: Vm) -> None:
        """Begin a program: the first one, or the target of a tail call."""
        self._run.vm = self._vm = vm
        self._pc = 0
        self._r = vm.initial.copy()
        self._r[1] = self._run.ctx
        self._r[10] = self._run.push(Frame(-1, self._r[6:10], 0))

    @property
    def next_insn(self) -> Insn | None:
        """The instruction that the next step runs; None behind the program's end."""
        insns = self._vm.prog.insns
        return insns[self._pc] if self._pc < len(insns) else None

    @property
    def arguments(self) -> list[int]:
        """r1 to r5, as a call would get them."""
        return self._r[1:6]

    def step(self) -> None:
        """Run the next instruction.

        Raises VmFault, with the insn's index, where the program breaks a rule.
        """
        if not self._left:
            text = f"still running after {self._vm.budget} insns"
            raise VmFault(Kind.ENDLESS, text, self._pc)
        self._left -= 1
        # Helpers that call functions of the program share what is left with it.
        self._run.budget = self._left
        try:
            self._pc = self._vm.advance(self._run, self._pc, self._r, iter((0,)))
        except Exit:
            self.result = self._r[0]
        except TailCall as tail:
            self._enter(tail.vm)
        else:
            self._left = min(self._left, self._run.budget)
