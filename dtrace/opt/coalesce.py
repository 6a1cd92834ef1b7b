"""Coalesce a result with the register it is moved to at once.

r1 = call lookup        r2 = call lookup
r2 = r1                 (gone)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.opt import effects

if TYPE_CHECKING:
    from dtrace.bpf.code import Ins, VReg


def coalesce(code: list[Ins]) -> list[Ins]:
    """`code` without moves of a register that is written just before and not used otherwise."""
    mentions: dict[VReg, int] = {}
    for ins in code:
        for reg in (*effects.uses(ins), *effects.defs(ins)):
            mentions[reg] = mentions.get(reg, 0) + 1
    kept: list[Ins] = []
    for ins in code:
        before = kept[-1] if kept else None
        if (
            ins.name == "mov64_reg"
            and before is not None
            and before.dst is ins.src
            and ins.src is not None
            and effects.writes_dst(before.name)
            and not effects.reads_dst(before.name)
            and mentions[ins.src] == 2
        ):
            before.dst = ins.dst
        else:
            kept.append(ins)
    return kept
