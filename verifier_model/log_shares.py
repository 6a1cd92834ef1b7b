"""How many insns of the walk each subprog took, which 7.2 and 7.3 tell among the statistics.

Source: account_processed_insn(), account_current_path() and print_verification_stats(),
kernel/bpf/verifier.c (7.2, 7.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.check import func_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verifier_model.env import Env
    from verifier_model.state import VerifierState


class Shares:
    """Hears of the walk what a Trail hears, and counts."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._alone = [0] * len(env.subprogs)  # by subprog: insns of its own
        self._total = [0] * len(env.subprogs)  # the same with those of what it called

    def begin(self) -> None:
        """A function is walked from its first insn: what came before counts."""

    def arrive(self, state: VerifierState) -> None:
        """The walk comes to an insn."""
        self._alone[state.frames[-1].subprogno] += 1
        for frame in state.frames:
            self._total[frame.subprogno] += 1

    def enter(self, state: VerifierState) -> None:
        """The insn runs: it was counted."""

    def settle(self, state: VerifierState) -> None:
        """The insn parts two paths: it was counted."""

    def fork(self, other: VerifierState) -> None:
        """A copy is kept: what led to it was counted."""

    def resume(self, state: VerifierState) -> None:
        """The walk goes on with a copy."""

    def of_walks(self, subprogs: Iterable[int]) -> Iterator[int]:
        """Insns of the walk from each of them that is walked by itself."""
        self._end()
        for no in subprogs:
            if not no or func_types.is_global(self._env, no):
                yield self._total[no]

    def lines(self, stacks: dict[int, int]) -> Iterator[str]:
        """A line for each of those subprogs, with the bytes of its stack."""
        env = self._env
        self._end()
        for i, (no, stack) in enumerate(stacks.items()):
            known = "global" if func_types.is_global(env, no) else "static"
            kind = known if no else "main"
            name = env.subprog_name(no) or "<unknown>"
            insns = f"insns_self {self._alone[no]} insns_total {self._total[no]}"
            yield f"subprog {i} ({name}) {kind} {insns} stack {stack}"

    def _end(self) -> None:
        """Count the insn that was one too many."""
        env = self._env
        if env.cur_state is not None and sum(self._alone) < env.insns_processed:
            self.arrive(env.cur_state)
