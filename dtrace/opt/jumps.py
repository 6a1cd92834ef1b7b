"""Jumps: drop those that lead to the next instruction.

goto L            (gone)
L:                L:
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtrace.bpf.code import Ins, Label


def remove_idle_jumps(code: list[Ins]) -> list[Ins]:
    """`code` without unconditional jumps to where control would go anyway."""
    kept: list[Ins] = []
    following: set[Label] = set()  # labels between here and the next instruction
    for ins in reversed(code):
        if ins.name == "label":
            assert ins.to is not None
            following.add(ins.to)
        elif ins.name == "ja" and ins.to in following:
            continue
        else:
            following.clear()
        kept.append(ins)
    kept.reverse()
    return kept
