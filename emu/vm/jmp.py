"""Handlers: jumps.

A signed comparison is the unsigned one of both numbers with their sign bits flipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.vm.registry import U32, Bound, Step, handles

if TYPE_CHECKING:
    from emu.vm.run import Run

S64 = 1 << 63
S32 = 1 << 31

# may_goto jumps after so many iterations of a function's loops: BPF_MAX_LOOPS.  From 6.15 on it is
# a quarter of a second that ends them (0e521efaf363), and time does not pass inside a program here.
MAX_LOOPS = 1 << 23


@handles("ja", "gotol")
def ja(i: Bound) -> Step:
    target = i.target

    def step(r: list[int], run: Run) -> int:
        return target

    return step


@handles("may_goto")
def may_goto(i: Bound) -> Step:
    """Go on, but jump once the function has done so MAX_LOOPS times."""
    following, target = i.following, i.target

    def step(r: list[int], run: Run) -> int:
        depth = len(run.frames) - 1
        left = run.loops.get(depth, MAX_LOOPS)
        if not left:
            return target
        run.loops[depth] = left - 1
        return following

    return step


@handles("jeq_reg", "jeq_imm")
def jeq(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] == r[src] else following

    return step


@handles("jeq32_reg", "jeq32_imm")
def jeq32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] & U32) == (r[src] & U32) else following

    return step


@handles("jne_reg", "jne_imm")
def jne(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] != r[src] else following

    return step


@handles("jne32_reg", "jne32_imm")
def jne32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] & U32) != (r[src] & U32) else following

    return step


@handles("jgt_reg", "jgt_imm")
def jgt(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] > r[src] else following

    return step


@handles("jgt32_reg", "jgt32_imm")
def jgt32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] & U32) > (r[src] & U32) else following

    return step


@handles("jge_reg", "jge_imm")
def jge(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] >= r[src] else following

    return step


@handles("jge32_reg", "jge32_imm")
def jge32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] & U32) >= (r[src] & U32) else following

    return step


@handles("jlt_reg", "jlt_imm")
def jlt(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] < r[src] else following

    return step


@handles("jlt32_reg", "jlt32_imm")
def jlt32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] & U32) < (r[src] & U32) else following

    return step


@handles("jle_reg", "jle_imm")
def jle(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] <= r[src] else following

    return step


@handles("jle32_reg", "jle32_imm")
def jle32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] & U32) <= (r[src] & U32) else following

    return step


@handles("jset_reg", "jset_imm")
def jset(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] & r[src] else following

    return step


@handles("jset32_reg", "jset32_imm")
def jset32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if r[dst] & r[src] & U32 else following

    return step


@handles("jsgt_reg", "jsgt_imm")
def jsgt(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] ^ S64) > (r[src] ^ S64) else following

    return step


@handles("jsgt32_reg", "jsgt32_imm")
def jsgt32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if ((r[dst] & U32) ^ S32) > ((r[src] & U32) ^ S32) else following

    return step


@handles("jsge_reg", "jsge_imm")
def jsge(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] ^ S64) >= (r[src] ^ S64) else following

    return step


@handles("jsge32_reg", "jsge32_imm")
def jsge32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if ((r[dst] & U32) ^ S32) >= ((r[src] & U32) ^ S32) else following

    return step


@handles("jslt_reg", "jslt_imm")
def jslt(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] ^ S64) < (r[src] ^ S64) else following

    return step


@handles("jslt32_reg", "jslt32_imm")
def jslt32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if ((r[dst] & U32) ^ S32) < ((r[src] & U32) ^ S32) else following

    return step


@handles("jsle_reg", "jsle_imm")
def jsle(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if (r[dst] ^ S64) <= (r[src] ^ S64) else following

    return step


@handles("jsle32_reg", "jsle32_imm")
def jsle32(i: Bound) -> Step:
    dst, src, following, target = i.dst, i.src, i.following, i.target

    def step(r: list[int], run: Run) -> int:
        return target if ((r[dst] & U32) ^ S32) <= ((r[src] & U32) ^ S32) else following

    return step
