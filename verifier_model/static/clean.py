"""Forgetting, on the way, what no insn from here on reads: clean_verifier_state() (7.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from verifier_model.reg import SCALAR_VALUE, UNINIT
from verifier_model.stack import DYNPTR, IRQ_FLAG, ITER, MISC, POISON, SLOT, SPILL, ZERO, Slot
from verifier_model.state import ALL_REGS, bits

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.rules import Rules
    from verifier_model.state import FuncState, VerifierState
    from verifier_model.static.live_stack import LiveStack

_DEAD = Slot(POISON * SLOT)
_OBJECTS = DYNPTR + ITER + IRQ_FLAG
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
        _clean_stack(frame, live, env.rules)


def _clean_stack(frame: FuncState, live: int, rules: Rules) -> None:
    stack = frame.stack
    for spi, halves in _not_alive(live, len(stack)):
        slot = stack[spi]
        if slot is _DEAD or slot.kinds[-1] in _OBJECTS:
            continue
        if not halves:
            stack[spi] = _DEAD
        elif halves == 2:
            if not slot.kinds.startswith(_DEAD_HALF):
                stack[spi] = Slot(_DEAD_HALF + slot.kinds[_HALF:], slot.reg)
        elif slot.reg is not None or not slot.kinds.endswith(_DEAD_HALF):
            stack[spi] = _without_high_half(slot, rules)


@lru_cache(maxsize=1 << 10)
def _not_alive(live: int, slots: int) -> tuple[tuple[int, int], ...]:
    """The slots of which a half is dead or both are, each with a mask of its live halves."""
    halves = [(spi, live >> 2 * spi & 3) for spi in range(slots)]
    return tuple((spi, mask) for spi, mask in halves if mask != 3)


def _without_high_half(slot: Slot, rules: Rules) -> Slot:
    """The half that is farther from the frame pointer is dead; only a scalar can be cut."""
    kinds = slot.kinds
    if kinds[-1] == SPILL and slot.reg is not None:
        reg = slot.reg
        is_zero = reg.is_const() and not reg.var_off.value
        if reg.type is not SCALAR_VALUE or (is_zero and not rules.SPILL_CUT_TO_ZERO):
            return slot
        kinds = kinds.replace(SPILL, ZERO if is_zero else MISC)
    return Slot(kinds[:_HALF] + _DEAD_HALF)
