"""What subprogs may do, themselves or by what they call: merge_callee_effects()."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.prog import Insn
    from verifier_model.env import Env


def subprogs_with(env: Env, does: Callable[[Insn], bool]) -> frozenset[int]:
    """The subprogs with an insn that `does`, and those that call one of them."""
    found = {env.subprog_of(idx) for idx, insn in enumerate(env.insns) if does(insn)}
    before = -1
    while len(found) > before:
        before = len(found)
        found |= {
            env.subprog_of(idx)
            for idx, start in env.calls.items()
            if env.subprogs.index(start) in found
        }
    return frozenset(found)
