"""Dead code: drop instructions whose only effect is a register that nobody reads.

r3 = 5            (gone)
r2 = r1           r2 = r1
r3 = r2           (gone)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.opt import effects

if TYPE_CHECKING:
    from dtrace.bpf.code import Ins, VReg


def remove_dead(code: list[Ins]) -> list[Ins]:
    """`code` without instructions whose results are never read.

    One pass backwards is enough: jumps only go forward, so every reader comes later.
    """
    needed: set[VReg] = set()
    kept: list[Ins] = []
    for ins in reversed(code):
        if effects.is_pure(ins) and ins.dst not in needed:
            continue
        own = set(effects.defs(ins))
        # `r += 1` alone does not make r needed: only a reader other than its own update does.
        needed.update(r for r in effects.uses(ins) if not (effects.is_pure(ins) and r in own))
        kept.append(ins)
    kept.reverse()
    return kept
