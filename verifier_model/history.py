"""The history of a state: how its path came from the state's first insn to where it is.

A step knows the one before it, and the last stands for the whole history; None is one without a
step.  So paths share what they have in common, and a branch costs nothing however long its history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # What is tracked in each frame: masks of registers, masks of slots.
    Tracked = tuple[tuple[int, ...], tuple[int, ...]]
    # A place on the way back: the step to come next, the insn, and the one after it on the path.
    Place = tuple["Step | None", int, int]
    # What is tracked before a state's first insn if this is tracked at that place; None where that
    # cannot be followed.
    Outcomes = dict[tuple[Place, Tracked], Tracked | None]


class Step:
    """How the walk came to an insn, and what it did there: struct bpf_jmp_history_entry."""

    __slots__ = ("before", "idx", "linked", "number", "prev_idx", "spi", "stack_frame")

    def __init__(
        self,
        before: Step | None,
        idx: int,
        prev_idx: int,
        stack_frame: int = -1,
        spi: int = -1,
        linked: tuple[tuple[int, int, int], ...] = (),
    ) -> None:
        self.before = before
        self.number: int = before.number + 1 if before is not None else 1  # in its history
        self.idx = idx
        self.prev_idx = prev_idx
        self.stack_frame = stack_frame  # the one whose slot `spi` was loaded or stored; -1: none
        self.spi = spi
        # Scalars that share an id: a frame, and masks of its registers and of its slots.
        self.linked = linked
