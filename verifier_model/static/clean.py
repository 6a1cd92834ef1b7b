"""Forgetting, on the way, what no insn from here on reads: clean_verifier_state() (7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.reg import SCALAR_VALUE, UNINIT
from verifier_model.stack import DYNPTR, MISC, POISON, SLOT, SPILL, Slot
from verifier_model.state import ALL_REGS, bits

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import FuncState, VerifierState
    from verifier_model.static.live_stack import LiveStack

_DEAD = Slot(POISON * SLOT)
_HALF = 4  # bytes
_DEAD_HALF = POISON * _HALF


def clean(env: Env, live_stack: LiveStack, state: VerifierState) -> None:
    """Forget the dead registers and half slots of every frame."""
    frames = state.frames
    for depth, live in enumerate(live_stack.live_slots(state)):
        frame = frames[depth]
        idx = frames[depth + 1].callsite if depth + 1 < len(frames) else env.insn_idx
        regs = frame.regs
        for regno in bits(~env.live_regs[idx] & ALL_REGS):
            regs[regno] = UNINIT
        _clean_stack(frame, live)


def _clean_stack(frame: FuncState, live: int) -> None:
    stack = frame.stack
    for spi, slot in enumerate(stack):
        halves = live >> 2 * spi & 3
        if halves == 3 or slot is _DEAD or slot.kinds[-1] == DYNPTR:
            continue
        if not halves:
            stack[spi] = _DEAD
        elif halves == 2:
            if not slot.kinds.startswith(_DEAD_HALF):
                stack[spi] = Slot(_DEAD_HALF + slot.kinds[_HALF:], slot.reg)
        elif slot.reg is not None or not slot.kinds.endswith(_DEAD_HALF):
            stack[spi] = _without_high_half(slot)


def _without_high_half(slot: Slot) -> Slot:
    """The half that is farther from the frame pointer is dead; only a scalar can be cut."""
    kinds = slot.kinds
    if kinds[-1] == SPILL and slot.reg is not None:
        reg = slot.reg
        if reg.type is not SCALAR_VALUE or (reg.is_const() and not reg.var_off.value):
            return slot
        kinds = kinds.replace(SPILL, MISC)
    return Slot(kinds[:_HALF] + _DEAD_HALF)
