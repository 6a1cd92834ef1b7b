"""Releases that drop no state: those found by a number against a search through all."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.prog import Prog
from verifier_model import prune, verify
from verifier_model.state import VerifierState
from verifier_model.undropped import Undropped

KERNELS = ("4.18", "4.19")
DISTINCT = tuple(f"r9 += {1 << n}" for n in range(7))


# Walked in this order: with 0 in r9, with any number, with 0 again.
THREE_TIMES = """
    r1 = *(u64 *)(r6 +64)
    r9 = *(u64 *)(r6 +72)
    if r1 == 0 goto again
    if r1 == 1 goto go
    r9 = 0
    goto go
again:
    r9 = 0
go:
"""


def program(steps: tuple[str, ...], *, head: str = "r9 = 0", tail: str = "") -> Prog:
    """A branch for each step, which is done or left out."""
    lines = ["r6 = r1", "r8 = 0", head]
    for n, step in enumerate(steps):
        lines += [f"r1 = *(u64 *)(r6 +{8 * n})", f"if r1 == 0 goto b{n}", step, f"b{n}:"]
    lines += [tail, "*(u64 *)(r10 -8) = r9", "r0 = 0", "exit"]
    return Prog("", ProgType.KPROBE, tuple(assemble("\n".join(lines))))


PROGRAMS = {
    "every path has its sum": program(DISTINCT),
    "sums come again": program((*DISTINCT[:5], "r9 += 3", "r9 += 1", "r8 += 1")),
    "a number, any number, a number": program(DISTINCT[:6], head=THREE_TIMES),
    "the numbers are on the stack": program(
        (*DISTINCT[:6], "*(u64 *)(r10 -16) = r9"), tail="*(u64 *)(r10 -24) = r9\nr9 = 0\nr8 = 0"
    ),
}


class Searched(Undropped):
    """All states, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[VerifierState] = []

    def add(self, state: VerifierState) -> None:
        super().add(state)
        self.kept.insert(0, state)

    def candidates(self, cur: VerifierState) -> list[VerifierState]:
        return self.kept


def walked(prog: Prog, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """What came of a walk, and r9 and r8 of the states at which its paths ended."""
    ended = []

    def end_at(env, old, cur, *, comes_back):
        ended.append([(env.insn_idx, *regs[8].key(), *regs[9].key()) for regs in (old.frame.regs,)])
        original(env, old, cur, comes_back=comes_back)

    original = prune._end_at
    with monkeypatch.context() as patch:
        patch.setattr(prune, "_end_at", end_at)
        verdict = verify(prog, kernel, log_level=2)
    assert verdict.accepted
    return verdict, ended


@pytest.mark.parametrize("release", KERNELS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_walk_is_the_same_as_with_a_search_through_all(name, release, monkeypatch):
    kernel = Kernel.release(release)
    found = walked(PROGRAMS[name], kernel, monkeypatch)
    monkeypatch.setattr(prune, "Undropped", Searched)
    assert found == walked(PROGRAMS[name], kernel, monkeypatch)


def test_few_of_many_states_are_compared(monkeypatch):
    calls = []

    def counted(*args, **options):
        calls.append(None)
        return equal(*args, **options)

    equal = prune.states_equal
    monkeypatch.setattr(prune, "states_equal", counted)
    verdict = verify(PROGRAMS["every path has its sum"], Kernel.release("4.19"))
    assert verdict.max_states_per_insn >= 1 << len(DISTINCT) - 1
    assert len(calls) < 10 * verdict.total_states
