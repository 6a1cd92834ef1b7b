"""Loops of a program as the walk goes round in them (6.17).

A path that comes back to a state inside a loop ends there, though other paths from that state may
still go on: what these find to count must count for the path too.  So each loop keeps the states
that came back until all paths from the state that entered it have ended; then what is known of the
states they came back to is told to them, until nothing new is found.

Source: maybe_enter_scc(), maybe_exit_scc(), add_scc_backedge(), propagate_backedges().
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from verifier_model.live_regs import loops
from verifier_model.precise import mark_all, propagate_precision

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

_MAX_ROUNDS = 64  # MAX_BACKEDGE_ITERS


class _Visit:
    """A loop, as certain calls lead to it: struct bpf_scc_visit."""

    __slots__ = ("backedges", "entry")

    def __init__(self) -> None:
        self.entry: VerifierState | None = None
        # States that came back, each with the one that it equals.
        self.backedges: list[tuple[VerifierState, VerifierState]] = []


class LoopVisits:
    """All visits to loops of one walk."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self.loops = loops(env)  # by insn
        self._visits: dict[tuple[int, ...], _Visit] = {}
        self.waiting = 0  # states that came back, of all loops

    def _chain(self, st: VerifierState) -> tuple[int, ...]:
        """The calls down to the first frame that is in a loop, and the loop; else nothing."""
        calls: list[int] = []
        for frame in st.frames[1:]:
            if self.loops[frame.callsite]:
                return (*calls, self.loops[frame.callsite])
            calls.append(frame.callsite)
        loop = self.loops[st.insn_idx]
        return (*calls, loop) if loop else ()

    def kept(self, st: VerifierState) -> None:
        """A state was kept: perhaps it is the one that enters a loop."""
        chain = self._chain(st)
        if not chain:
            return
        visit = self._visits.setdefault(chain, _Visit())
        if visit.entry is None:
            visit.entry = st
            self._tell("enter", chain)

    def came_back(self, old: VerifierState, cur: VerifierState) -> None:
        """The path of `cur` ends at a state that other paths still go on from."""
        chain = self._chain(old)
        if not chain:
            return  # a helper that calls back, where that is no loop
        copy = cur.copy()
        copy.insn_idx = self._env.insn_idx
        self._tell("backedge", chain)
        self._visits[chain].backedges.insert(0, (copy, old))
        self.waiting += 1

    def is_unfinished(self, st: VerifierState) -> bool:
        """Whether marks may still come to a state: incomplete_read_marks()."""
        visit = self._visits.get(self._chain(st)) if self.waiting else None
        return visit is not None and bool(visit.backedges)

    def ended(self, st: VerifierState) -> None:
        """No path goes on from a kept state."""
        chain = self._chain(st)
        visit = self._visits.get(chain)
        if visit is None or visit.entry is not st:
            return
        self._tell("exit", chain)
        visit.entry = None
        self.waiting -= len(visit.backedges)
        self._propagate(visit)

    def _propagate(self, visit: _Visit) -> None:
        env = self._env
        rounds, changed = 0, bool(visit.backedges)
        while changed:
            rounds += 1
            if rounds > _MAX_ROUNDS:
                for cur, _ in visit.backedges:
                    mark_all(env, cur)
                break
            changed = False
            for cur, old in visit.backedges:
                if env.rules.READS_BY_STATE:
                    changed |= env.reads_as(cur, old)
                changed |= propagate_precision(env, old, cur, cur.insn_idx)
        visit.backedges.clear()

    def _tell(self, what: str, chain: tuple[int, ...]) -> None:
        """Calls are told up to one by insn 0, which counts as none: format_callchain()."""
        if self._env.log.level > 1:
            *calls, loop = chain
            told = [*takewhile(bool, calls), loop]
            self._env.log.add(f"SCC {what} ({','.join(map(str, told))})")
