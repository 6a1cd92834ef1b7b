"""Engines: a program as a Vm that is interpreted, translated, or first one, then the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from emu.vm.call import TailCall
from emu.vm.interp import BUDGET, Vm
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
    """A program that is translated when its insns have run `hot` times."""

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
        self.functions: dict[int, Function] = {}
        self.host: Host | None = None  # what they are bound to

    def call(self, run: Run, pc: int, args: Sequence[int]) -> int:
        if self.host is None:
            if self.cold > 0:
                before = run.budget
                try:
                    return super().call(run, pc, args)
                finally:
                    self.cold -= before - run.budget
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
