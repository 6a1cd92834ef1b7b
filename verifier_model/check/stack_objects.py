"""Objects on the stack that only the kernel's functions write: where one stands, or may stand.

Source: stack_slot_obj_get_spi() and is_spi_bounds_valid(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.stack import SLOT

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState

# In place of a slot's number: the frame's stack does not reach so far yet, or never will.
NOT_YET, NOWHERE = -1, -2


def first_slot(env: Env, frame: FuncState, reg: RegState, what: str, slots: int) -> int:
    """The number of the object's slot with the lowest address, the largest of its numbers.

    NOT_YET or NOWHERE where there is none; the log says why it is NOWHERE.
    """
    if not reg.is_const():
        env.log.add(f"{what} has to be at a constant offset")
        return NOWHERE
    at = reg.off + reg.smin
    first = slot_at(at)
    below = at < 0 or not env.rules.STACK_OBJECT_BELOW_FP
    if at % SLOT or not below or first + 1 < slots:
        env.log.add(f"cannot pass in {what} at an offset={at}")
        return NOWHERE
    return first if first < len(frame.stack) else NOT_YET


def slot_at(at: int) -> int:
    """The number of the slot at fp+at, as __get_spi() finds it; at the frame pointer, slot 0."""
    return -1 - at // SLOT if at else 0


def is_free(env: Env, frame: FuncState, reg: RegState, what: str, slots: int, kind: str) -> bool:
    """Whether there is room for the object, and none of its kind there."""
    first = first_slot(env, frame, reg, what, slots)
    if first < 0:
        return first == NOT_YET
    return not any(kind in slot.kinds for slot in frame.stack[first - slots + 1 : first + 1])
