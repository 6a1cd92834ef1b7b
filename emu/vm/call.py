"""Handlers: calls of helpers and of subprogs, and exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.families import find
from emu.prog import PSEUDO_CALL
from emu.vm.fault import Kind, VmFault
from emu.vm.registry import U64, Bound, Step, handles
from emu.vm.run import Frame

if TYPE_CHECKING:
    from emu.vm.run import Run


class Exit(Exception):
    """The function that the interpreter was called for has returned."""


@handles("call")
def call(i: Bound) -> Step:
    match i.insn.src:
        case 0:
            return call_helper(i)
        case pseudo if pseudo == PSEUDO_CALL:
            return call_subprog(i)
        case pseudo:
            raise VmFault(Kind.INSN, f"call with src {pseudo} is not emulated", i.pc)


def call_helper(i: Bound) -> Step:
    """r0 = helper(r1 ...), with as many arguments as the helper has.

    Raises VmFault for an unknown helper, and for one that is not emulated.
    """
    following = i.following
    helper, args = find(i.insn.imm)

    def step0(r: list[int], run: Run) -> int:
        r[0] = helper(run) & U64
        return following

    def step1(r: list[int], run: Run) -> int:
        r[0] = helper(run, r[1]) & U64
        return following

    def step2(r: list[int], run: Run) -> int:
        r[0] = helper(run, r[1], r[2]) & U64
        return following

    def step3(r: list[int], run: Run) -> int:
        r[0] = helper(run, r[1], r[2], r[3]) & U64
        return following

    def step4(r: list[int], run: Run) -> int:
        r[0] = helper(run, r[1], r[2], r[3], r[4]) & U64
        return following

    def step5(r: list[int], run: Run) -> int:
        r[0] = helper(run, r[1], r[2], r[3], r[4], r[5]) & U64
        return following

    return (step0, step1, step2, step3, step4, step5)[args]


def call_subprog(i: Bound) -> Step:
    """Enter the subprog: r6 to r9 and r10 are kept, r10 is a new stack's end."""
    following, target = i.following, i.target

    def step(r: list[int], run: Run) -> int:
        r[10] = run.push(Frame(following, r[6:10], r[10]))
        return target

    return step


@handles("exit")
def exit_(i: Bound) -> Step:
    """Return to the caller, or end the run."""

    def step(r: list[int], run: Run) -> int:
        back, r[6:10], r[10] = run.frames.pop()
        if back < 0:
            raise Exit
        return back

    return step
