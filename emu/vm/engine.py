"""Engines: a program as a Vm that is interpreted, translated, or first one, then the other."""

from __future__ import annotations

from operator import length_hint
from typing import TYPE_CHECKING, Final, Literal

from emu.vm.call import Exit, TailCall
from emu.vm.interp import BUDGET, REGS, Vm
from emu.vm.run import CALLED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.maps.base import Map
    from emu.prog import Prog
    from emu.vm.mem import AddressSpace
    from emu.vm.run import Host, Run
    from emu.vm.translate import Function

Engine = Literal["auto", "interpreter", "translator"]
ENGINES: Final[tuple[Engine, ...]] = ("auto", "interpreter", "translator")

# How often each insn of a program has run, on average, when it is translated.  Translation costs
# as much as interpreting an insn so often and some, so it never costs much more than it saves.
HOT = 100
ARGUMENTS = 10  # r0 to r9
RESULTS = 6  # a translated function returns r0 to r5, and what is left of the budget


def make(
    prog: Prog,
    mem: AddressSpace,
    maps: Sequence[Map] = (),
    *,
    engine: Engine = "auto",
    budget: int = BUDGET,
) -> Vm:
    """A program ready to run.  The arguments are those of Vm; the results of all engines equal.

    engine: "translator" translates at the first run, "auto" once the program has run enough for
        that to pay off.
    """
    if engine == "interpreter":
        return Vm(prog, mem, maps, budget=budget)
    return TranslatingVm(prog, mem, maps, budget=budget, hot=HOT if engine == "auto" else 0)


class TranslatingVm(Vm):
    """A program that is translated when its insns have run `hot` times, even if it is running."""

    def __init__(
        self,
        prog: Prog,
        mem: AddressSpace,
        maps: Sequence[Map] = (),
        *,
        budget: int = BUDGET,
        hot: int = HOT,
    ) -> None:
        super().__init__(prog, mem, maps, budget=budget)
        self.cold = hot * len(prog.insns)  # insns to interpret before
        self.long = self.cold // 2  # insns of one run that make it worth to translate its rest
        self.functions: dict[int, Function] = {}
        self.host: Host | None = None  # what they are bound to

    def call(self, run: Run, pc: int, args: Sequence[int]) -> int:
        if self.host is None and self.cold <= 0:
            from emu.vm import translate

            self.host = run.host
            self.functions = translate.functions(self, run.host)
        function = self.functions.get(pc)
        if function is None or run.host is not self.host:
            return super().call(run, pc, args)
        rest = (0,) * (ARGUMENTS - 1 - len(args))
        try:
            results = function(run, run.budget, 0, *args, *rest, run.push(CALLED))
        except TailCall as tail:
            return self.finish(run, tail)
        run.budget = min(run.budget, results[-1])
        return results[0]

    def interpret(self, run: Run, pc: int, r: list[int], budget: int) -> int:
        if self.cold <= 0:
            return super().interpret(run, pc, r, budget)
        depth, share = len(run.frames), min(budget, self.cold)
        budget -= share
        left = iter(range(share))
        try:
            pc = self.advance(run, pc, r, left)
        except Exit:
            return budget + length_hint(left)
        except TailCall as tail:
            tail.left += budget
            raise
        finally:
            self.cold -= share - length_hint(left)
        # A function can be entered anywhere, but for the frames that the interpreter has begun.
        is_outermost = len(run.frames) == depth and r[10] == run.tops[depth - 1]
        if not is_outermost or share < self.long:
            return super().interpret(run, pc, r, budget)
        from emu.vm import translate

        function = translate.functions(self, run.host, pc).get(pc)
        if function is None:
            return super().interpret(run, pc, r, budget)
        *r[:RESULTS], left_over = function(run, budget, *r[:REGS])
        return left_over
