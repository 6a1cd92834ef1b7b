"""Handlers: calls of helpers, kernel functions and subprogs, tail calls, and exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.families import find, kfunc
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_CALL, PSEUDO_KFUNC_CALL
from emu.vm.fault import Kind, VmFault
from emu.vm.registry import U32, U64, Bound, Step, handles
from emu.vm.run import Frame

if TYPE_CHECKING:
    from emu.helpers.registry import Function
    from emu.vm.interp import Vm
    from emu.vm.run import Run

TAIL_CALL = 12  # the helper's number


class Exit(Exception):
    """The function that the interpreter was called for has returned."""


class TailCall(Exception):
    """The function that an engine was called for ends, and `vm` runs in its place.

    left: what is left of the budget of insns; -1 until the engine knows.
    registers: r1 to r5, for a caller that goes on when `vm` has ended.
    """

    def __init__(self, vm: Vm) -> None:
        super().__init__()
        self.vm = vm
        self.left = -1
        self.registers: list[int] = []

    def enter(self, run: Run) -> int:
        """Run that program; returns its r0."""
        run.vm = self.vm
        outer = run.deepest
        run.deepest = len(run.frames) + run.host.kernel.limits.max_call_depth
        try:
            return self.vm.call(run, 0, (run.ctx,))
        finally:
            run.deepest = outer


@handles("call")
def call(i: Bound) -> Step:
    match i.insn.src:
        case 0 if i.insn.imm == TAIL_CALL:
            return call_tail(i)
        case 0:
            return call_function(i, *find(i.insn.imm))
        case pseudo if pseudo == PSEUDO_CALL:
            return call_subprog(i)
        case pseudo if pseudo == PSEUDO_KFUNC_CALL:
            return call_function(i, *kfunc(i.prog, i.insn.imm))
        case pseudo:
            raise VmFault(Kind.INSN, f"call with src {pseudo} is not emulated", i.pc)


def call_function(i: Bound, function: Function, args: int) -> Step:
    """r0 = function(r1 ...), with as many arguments as it has."""
    following = i.following

    def step0(r: list[int], run: Run) -> int:
        r[0] = function(run) & U64
        return following

    def step1(r: list[int], run: Run) -> int:
        r[0] = function(run, r[1]) & U64
        return following

    def step2(r: list[int], run: Run) -> int:
        r[0] = function(run, r[1], r[2]) & U64
        return following

    def step3(r: list[int], run: Run) -> int:
        r[0] = function(run, r[1], r[2], r[3]) & U64
        return following

    def step4(r: list[int], run: Run) -> int:
        r[0] = function(run, r[1], r[2], r[3], r[4]) & U64
        return following

    def step5(r: list[int], run: Run) -> int:
        r[0] = function(run, r[1], r[2], r[3], r[4], r[5]) & U64
        return following

    return (step0, step1, step2, step3, step4, step5)[args]


def call_subprog(i: Bound) -> Step:
    """Enter the subprog: r6 to r9 and r10 are kept, r10 is a new stack's end."""
    following, target = i.following, i.target

    def step(r: list[int], run: Run) -> int:
        r[10] = enter(run, Frame(following, r[6:10], r[10]))
        return target

    return step


def enter(run: Run, frame: Frame) -> int:
    """Enter a subprog; returns its r10.  It counts its tail calls anew."""
    if run.tail_calls:
        run.tail_calls.pop(len(run.frames) + 1, None)
    return run.push(frame)


def call_tail(i: Bound) -> Step:
    """End this function; the program that its caller returns from is the one at r3 of the map r2.

    Goes on with r0 = 0 where there is no program, or where the tail calls are used up.
    """
    following = i.following

    def step(r: list[int], run: Run) -> int:
        target = tail_target(run, r[2], r[3] & U32)
        if target is None:
            r[0] = 0
            return following
        back, saved, fp = run.frames.pop()
        if back < 0:
            raise TailCall(target)
        caller = run.vm
        r[0] = TailCall(target).enter(run)
        run.vm, r[6:10], r[10] = caller, saved, fp
        return back

    return step


def tail_target(run: Run, map_: int, index: int) -> Vm | None:
    """The program to go on with; None where the call fails.

    A call counts against the limit.  Kernels with Trait.TAIL_CALL_COUNT_SHARED have one count;
    in the others a function begins with its caller's, and what it counts is lost when it returns.
    """
    from emu.maps.prog_array import ProgArrayMap

    array = run.map_at(map_)
    if not isinstance(array, ProgArrayMap):
        raise VmFault(Kind.HELPER, f"{array.definition.name} is not a program array")
    if index >= array.max_entries:
        return None
    kernel = run.host.kernel
    shared = kernel.has(Trait.TAIL_CALL_COUNT_SHARED)
    depth = 0 if shared else len(run.frames)
    counts = run.tail_calls
    count = next((counts[d] for d in range(depth, -1, -1) if d in counts), 0)
    if count >= kernel.limits.max_tail_calls:
        return None
    target = array.progs.get(index)
    if target is not None or not shared:
        counts[depth] = count + 1
    return target


@handles("exit")
def exit_(i: Bound) -> Step:
    """Return to the caller, or end the run."""

    def step(r: list[int], run: Run) -> int:
        back, r[6:10], r[10] = run.frames.pop()
        if back < 0:
            raise Exit
        return back

    return step
