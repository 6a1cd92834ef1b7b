"""The way back to what a value was made of is not walked again by each check that leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import Insn, MapDef, Prog
from verifier_model import precise, verify
from verifier_model.state import VerifierState

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS = ("5.10.100", "5.10.262", "6.1.176", "6.6", "6.12", "7.2")

START = """
    r6 = r1
    *(u32 *)(r10 -4) = 0
    r1 = map[0] ll
    r2 = r10
    r2 += -4
    call 1
    if r0 != 0 goto found
    exit
found:
    r8 = r0
    r7 = *(u32 *)(r6 +0)
    r9 = 0
    *(u64 *)(r10 -16) = r9
"""
END = """
    r0 = 0
    exit
"""

# Each round is left for a path on which states are kept, the loop itself is walked in one state.
LEFT_EACH_ROUND = """
again:
    r9 += 1
    if r9 == {rounds} goto done
    r5 = *(u32 *)(r6 +16)
    if r5 > r7 goto again
    r4 = r9
    r4 &= 63
    r2 = r8
    r2 += r4
    if r5 == 0 goto next
    r1 = 0
next:
    if r5 == 1 goto done
    r3 = *(u8 *)(r2 +0)
done:
"""
# The same with a number on the stack.
SPILLED = """
again:
    r9 += 1
    if r9 == {rounds} goto done
    r4 = *(u64 *)(r10 -16)
    r4 += 1
    *(u64 *)(r10 -16) = r4
    r5 = *(u32 *)(r6 +16)
    if r5 > r7 goto again
    r4 &= 63
    r2 = r8
    r2 += r4
    if r5 == 0 goto next
    r1 = 0
next:
    if r5 == 1 goto done
    r3 = *(u8 *)(r2 +0)
done:
"""
# A callee's result counts: until 6.4 all scalars do then.
RESULTS = """
again:
    r1 = r9
    call twice
    r0 &= 63
    r2 = r8
    r2 += r0
    r3 = *(u8 *)(r2 +0)
    r9 += 1
    if r9 < {rounds} goto again
    r0 = 0
    exit
twice:
    r0 = r1
    r0 += r1
"""


# No branch, so one state.
STRAIGHT = """
    r7 += 1
    r7 &= 63
    r2 = r8
    r2 += r7
    r3 = *(u8 *)(r2 +0)
"""

# Two numbers of an earlier state, each on the stack.
SLOTS = """
    r7 &= 31
    r9 = *(u32 *)(r6 +4)
    r9 &= 31
    if r7 == 1 goto +0
    if r9 == 1 goto +0
    *(u64 *)(r10 -16) = r7
    *(u64 *)(r10 -24) = r9
"""
SLOTS_USED = """
    r1 = *(u64 *)(r10 -24)
    r2 = r8
    r2 += r1
    r3 = *(u8 *)(r2 +0)
    r1 = *(u64 *)(r10 -16)
    r2 = r8
    r2 += r1
    r3 = *(u8 *)(r2 +0)
"""
# What a load from the packet gives cannot be followed: all scalars count then.
PACKET = """
again:
    r0 = *(u8 *)skb[0]
    r0 &= 31
    if r0 == 5 goto +0
    r2 = r8
    r2 += r0
    r3 = *(u8 *)(r2 +0)
    r9 += 1
    if r9 < {rounds} goto again
"""

PROGRAMS: dict[str, Callable[[int], str]] = {
    "a loop left each round": lambda rounds: LEFT_EACH_ROUND.format(rounds=rounds),
    "the same on the stack": lambda rounds: SPILLED.format(rounds=rounds),
    "a straight run": lambda rounds: STRAIGHT * rounds,
    "slots": lambda rounds: SLOTS + SLOTS_USED * rounds,
    "results of calls": lambda rounds: RESULTS.format(rounds=rounds),
    "packet loads": lambda rounds: PACKET.format(rounds=rounds),
}


def program(name: str, rounds: int) -> Prog:
    insns = assemble(START + PROGRAMS[name](rounds) + END)
    return Prog("", ProgType.SOCKET_FILTER, insns, (MapDef("values", MapType.ARRAY, 4, 64, 1),))


def walked(prog: Prog, kernel: Kernel) -> tuple[object, ...]:
    """What came of a walk, and what was precise in the state's ancestors before each insn."""
    seen = []

    def watch(idx, state):
        marks, st = [], state
        for _ in range(4):
            for frame in st.frames if st is not None else ():
                marks.append(sum(reg.precise << n for n, reg in enumerate(frame.regs)))
                marks += [slot.reg is not None and slot.reg.precise for slot in frame.stack]
            st = st.parent if st is not None else None
        seen.append((idx, marks))

    verdict = verify(prog, kernel, log_level=0, watch=watch)
    assert verdict.accepted
    return verdict, seen


def calls(monkeypatch: pytest.MonkeyPatch, name: str, prog: Prog, kernel: Kernel) -> int:
    """How often a function of precise.py is called."""
    count, original = 0, getattr(precise, name)

    def counted(*args):
        nonlocal count
        count += 1
        return original(*args)

    with monkeypatch.context() as patch:
        patch.setattr(precise, name, counted)
        assert verify(prog, kernel, log_level=0).accepted
    return count


@pytest.mark.parametrize("release", KERNELS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_marks_are_the_same_if_nothing_is_remembered(name, release, monkeypatch):
    prog, kernel = program(name, 30), Kernel.release(release)
    with monkeypatch.context() as patch:
        patch.setattr(precise, "_APART", 1 << 30)
        patch.setattr(VerifierState, "all_precise", property(lambda _: False, lambda *_: None))
        forgetful = walked(prog, kernel)
    for apart in (1, 2, 64):
        monkeypatch.setattr(precise, "_APART", apart)
        assert walked(prog, kernel) == forgetful


@pytest.mark.parametrize("release", KERNELS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_twice_the_rounds_are_twice_the_insns_undone(name, release, monkeypatch):
    few, many = (
        calls(monkeypatch, "undo", program(name, rounds), Kernel.release(release))
        for rounds in (60, 120)
    )
    assert many <= 3 * few


@pytest.mark.parametrize("release", ["5.10.262", "6.1.176"])
def test_where_all_scalars_are_marked_none_is_looked_at_again(release, monkeypatch):
    few, many = (
        calls(
            monkeypatch, "_mark_frame", program("results of calls", rounds), Kernel.release(release)
        )
        for rounds in (60, 120)
    )
    assert many < 3 * few


@pytest.mark.parametrize(
    ("release", "last"),
    [
        ("6.1.180", "regs=400 stack=0 before 0: (7a) *(u64 *)(r10 -8) = 0"),
        ("6.12.43", "mark_precise: frame0: regs=r0 stack= before 1: (bf) r0 = r10"),
    ],
)
def test_the_frame_pointer_is_followed_before_6_16(release, last):
    """A number that a compare-and-exchange gives, as one of the kernel's own tests does."""
    store, exchange = assemble("*(u64 *)(r10 -8) = 0"), Insn(0xDB, 10, 1, -8, 0xF1)
    before, after = assemble("r0 = r10\nr1 = 1"), assemble("if r0 == 0 goto +1\nr0 = 0\nexit")
    prog = Prog("", ProgType.SOCKET_FILTER, (*store, *before, exchange, *after))
    log = verify(prog, Kernel.release(release), log_level=2).log
    assert [line for line in log if " before " in line][-1] == last
