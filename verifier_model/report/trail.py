"""What happened on the path that is walked, in events.

Source: where kernel/bpf/verifier.c records them and takes them back (7.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import JMP, JMP32
from verifier_model.cfg import CALL, EXIT, GOTOL, JA
from verifier_model.report.changes import Before, changes
from verifier_model.report.events import Branch
from verifier_model.report.region import depths

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.report.events import Event
    from verifier_model.state import VerifierState


class Trail:
    """Follows a walk; `events` are those of the path that is walked."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self.events: list[Event] = []
        self.calls: tuple[int, ...] = (1,)
        self._calls = 1
        self._before: Before | None = None
        self._marks: dict[int, tuple[int, tuple[int, ...]]] = {}

    def begin(self) -> None:
        """A function is walked from its first insn: what came before is forgotten."""
        self.events.clear()
        self._marks.clear()
        self.calls, self._before = (1,), None

    def fork(self, other: VerifierState) -> None:
        """A copy of the state is kept, to be walked later."""
        self._marks[id(other)] = len(self.events), self.calls

    def resume(self, state: VerifierState) -> None:
        """The walk goes on with a state that was kept."""
        length, self.calls = self._marks.pop(id(state))
        del self.events[length:]
        self._before = None

    def arrive(self, state: VerifierState) -> None:
        """The walk comes to an insn; the one before it is done."""
        idx, prev = self._env.insn_idx, self._env.prev_insn_idx
        self.settle(state)
        depth = len(state.frames)
        if depth > len(self.calls):
            self._calls += 1
            self.calls = (*self.calls, self._calls)
        else:
            self.calls = self.calls[:depth]
        if prev >= 0:
            self._branch(prev, idx)

    def enter(self, state: VerifierState) -> None:
        """The insn runs now."""
        frames = state.frames
        self._before = Before(
            self._env.insn_idx,
            self.calls,
            [frame.regs[:] for frame in frames],
            [frame.stack[:] for frame in frames],
            state.refs,
            depths(state),
        )

    def settle(self, state: VerifierState) -> None:
        """The insn is done, but for what it does to two paths that part in it."""
        if self._before is not None:
            self.events += changes(self._env.insns[self._before.idx], self._before, state)
            self._before = None

    def _branch(self, prev: int, idx: int) -> None:
        insn = self._env.insns[prev]
        code = insn.code
        if code & 7 not in (JMP, JMP32) or code in (JA, GOTOL, CALL, EXIT) or not insn.off:
            return
        if idx in (prev + 1, prev + 1 + insn.off):
            self.events.append(Branch(prev, idx != prev + 1))
