"""Step trace: each instruction that runs, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.vm.interp import REGS, Vm

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.vm.registry import Step as StepFunction
    from emu.vm.run import Run


class Step(NamedTuple):
    """One executed instruction."""

    pc: int
    following: int  # index of the insn that runs next
    changed: tuple[tuple[int, int], ...]  # (register, new value)


def trace(vm: Vm, run: Run, ctx: int, observe: Callable[[Step], None]) -> int:
    """Run as Vm.run() does, and give each step that completes to `observe`."""

    def traced(pc: int, step: StepFunction) -> StepFunction:
        def observed(r: list[int], run: Run) -> int:
            before = r[:REGS]
            following = step(r, run)
            changed = tuple(
                (n, new) for n, (old, new) in enumerate(zip(before, r, strict=False)) if old != new
            )
            observe(Step(pc, following, changed))
            return following

        return observed

    stepping = Vm(vm.prog, vm.mem, vm.maps, budget=vm.budget)  # whatever engine vm has
    stepping.steps = [traced(pc, step) for pc, step in enumerate(stepping.steps)]
    return stepping.run(run, ctx)
