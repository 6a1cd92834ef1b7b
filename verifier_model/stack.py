"""The stack of a frame: 8-byte slots, shared between states until written.

A slot's bytes have kinds; the lowest address is the last kind, as the log prints them.  A slot
whose lowest bytes are SPILL holds the register `reg`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from verifier_model.reg import RegState

SLOT = 8  # bytes

# enum bpf_stack_slot_type, by the letters of the log.
INVALID, SPILL, MISC, ZERO, DYNPTR, POISON = "?", "r", "m", "0", "d", "p"
ITER, IRQ_FLAG = "i", "f"
# Of slots that only kernel functions write, and of registers.
SPECIAL = SPILL + ITER + IRQ_FLAG


class Slot(NamedTuple):
    """Eight bytes of stack."""

    kinds: str  # of each byte, highest address first
    reg: RegState | None = None  # what was spilled; None for plain data


EMPTY = Slot(INVALID * SLOT)
DATA = Slot(MISC * SLOT)
ZEROED = Slot(ZERO * SLOT)


def is_spilled(slot: Slot) -> bool:
    """Whether the slot holds a register: is_spilled_reg()."""
    return slot.kinds[-1] == SPILL


def slot_of(off: int) -> int:
    """The number of the slot with the byte at fp+off, off < 0."""
    return (-off - 1) >> 3


def kind_at(stack: list[Slot], off: int) -> str:
    """The kind of the byte at fp+off; INVALID where the stack was never touched."""
    i = -off - 1
    return stack[i >> 3].kinds[i & 7] if i >> 3 < len(stack) else INVALID
