"""Where the walk enters a loop and where all paths through it have ended, at level 2 (6.17).

Source: maybe_enter_scc() and maybe_exit_scc().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.live_regs import loops

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


class LoopVisits:
    """The state with which the walk entered each loop, by the calls that lead there."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self.loops = loops(env)  # by insn
        self._entered: dict[tuple[int, ...], VerifierState] = {}

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
        chain = self._chain(st)
        if chain and chain not in self._entered:
            self._entered[chain] = st
            self._tell("enter", chain)

    def ended(self, st: VerifierState) -> None:
        """No path goes on from a kept state."""
        chain = self._chain(st)
        if chain and self._entered.get(chain) is st:
            del self._entered[chain]
            self._tell("exit", chain)

    def _tell(self, what: str, chain: tuple[int, ...]) -> None:
        self._env.log.add(f"SCC {what} ({','.join(map(str, chain))})")
