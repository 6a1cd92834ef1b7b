"""The stack of a frame as every access sees it: its bounds, its bytes, the history of its slots.

Source: check_stack_access_within_bounds() and, until 5.11, check_stack_access() and
check_stack_boundary(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES, EINVAL
from verifier_model.history import Step
from verifier_model.reg import PTR_TO_DYNPTR, UNINIT
from verifier_model.stack import (
    INVALID,
    MISC,
    POISON,
    SLOT,
    SPECIAL,
    SPILL,
    ZERO,
    Slot,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState


MAX_STACK = 512
MAX_VAR_OFF = 1 << 29
_ACCESS = {"read": " read from", "write": " write to", "helper": " indirect access to"}


def check_bounds(
    env: Env, frame: FuncState, reg: RegState, regno: int, off: int, size: int, how: str
) -> None:
    """The access stays in the frame; the stack grows to it: check_stack_access_within_bounds().

    how: "read", "write" or "helper", which may do either.
    """
    if not env.rules.STACK_VAR_OFF:
        _check_bounds_before_5_12(reg, regno, off, size, how)
        low = reg.smin + off
    else:
        extra = _ACCESS[how]
        if reg.is_const():
            low = reg.smin + off
            high = low + size
        else:
            if reg.smax >= MAX_VAR_OFF or reg.smin <= -MAX_VAR_OFF:
                text = f"invalid unbounded variable-offset{extra} stack R{regno}"
                raise Reject(text, EACCES)
            low = reg.smin + off
            high = reg.smax + off + size
        least = -MAX_STACK
        if how == "read" and not env.rules.STACK_GROWS_BY_READ:
            least = -SLOT * len(frame.stack)
        if low < least or low > -1 or high > 0 or size < 0:
            if reg.is_const():
                at = low if env.rules.POINTER_CONST_IN_BITS else off
                text = f"invalid{extra} stack R{regno} off={at} size={size}"
            elif env.rules.TEXT_VAR_STACK_OFF:
                text = (
                    f"invalid variable-offset{extra} stack R{regno} var_off={reg.var_off} "
                    f"off={off} size={size}"
                )
            else:
                text = (
                    f"invalid variable-offset{extra} stack R{regno} var_off={reg.var_off} "
                    f"size={size}"
                )
            raise Reject(text, EINVAL if least <= low <= -1 and size >= 0 else EACCES)
    if low < -SLOT * len(frame.stack) and (how == "write" or env.rules.STACK_GROWS_BY_READ):
        frame.grow((-low - 1) // SLOT)
    if how != "helper" or env.rules.STACK_GROWS_BY_READ:
        note_depth(env, frame, low)


def note_depth(env: Env, frame: FuncState, low: int) -> None:
    """The frame is used from there on: update_stack_depth(), since 6.8 grow_stack_state().

    Before, what a helper only reads is found to be right first, and what it fills is noted then.
    """
    used = -low
    if env.rules.STACK_GROWS_BY_READ:
        used += -used % SLOT  # the size to which the frame grew
    if used > env.stack_depth[frame.subprogno]:
        env.stack_depth[frame.subprogno] = used


def _check_bounds_before_5_12(reg: RegState, regno: int, off: int, size: int, how: str) -> None:
    if how != "helper":
        if not reg.is_const():
            raise Reject(
                f"variable stack access var_off={reg.var_off} off={off} size={size}", EACCES
            )
        off += reg.smin
        if off >= 0 or off < -MAX_STACK:
            raise Reject(f"invalid stack off={off} size={size}", EACCES)
        return
    if reg.is_const():
        off += reg.smin
        if off >= 0 or off < -MAX_STACK or off + size > 0 or size < 0:
            raise Reject(f"invalid stack type R{regno} off={off} access_size={size}", EACCES)
        return
    if reg.smax >= MAX_VAR_OFF or reg.smin <= -MAX_VAR_OFF:
        raise Reject(f"R{regno} unbounded indirect variable offset stack access", EACCES)
    for end, value in (("min", reg.smin), ("max", reg.smax)):
        at = value + off
        if at >= 0 or at < -MAX_STACK or at + size > 0:
            raise Reject(f"R{regno} {end} value is outside of stack bound", EACCES)


def scrub(env: Env, kind: str) -> str:
    """A byte next to a narrow spill, or of a spilled register that is overwritten in part."""
    if kind == POISON:
        return kind
    if kind == INVALID:
        return INVALID if env.rules.STACK_UNINIT_READ or not env.rules.SPILL_KEEPS_ANY else MISC
    if kind == ZERO and env.rules.SPILL_KEEPS_ZERO:
        return ZERO
    return MISC


def scrubbed(kinds: str) -> str:
    """The bytes of a slot whose register is lost to a store: scrub_special_slot()."""
    return "".join(kind if kind in INVALID + POISON else MISC for kind in kinds)


def lasting(slot: Slot, kinds: str) -> RegState | None:
    """What a slot keeps when its bytes become `kinds`, none of them a register's lowest."""
    if SPILL in kinds:
        return UNINIT
    held = slot.reg
    return held if held is not None and held.type is PTR_TO_DYNPTR else None


def write_data(env: Env, frame: FuncState, off: int, size: int, kind: str) -> None:
    """Plain bytes overwrite part of one slot; a register that was spilled there is lost."""
    spi = (-off - 1) >> 3
    slot = frame.stack[spi]
    if size == SLOT:
        env.mark_stack_write(frame, spi)
        frame.stack[spi] = Slot(kind * SLOT, lasting(slot, kind))
        return
    kinds = slot.kinds
    if env.rules.PARTIAL_SPILL_SCRUBBED and kinds[-1] in SPECIAL:
        kinds = scrubbed(kinds)
    last = ((-off - 1) & 7) + 1
    kinds = kinds[: last - size] + kind * size + kinds[last:]
    frame.stack[spi] = Slot(kinds, lasting(slot, kinds))


def remember_access(env: Env, state: VerifierState, frame: FuncState, spi: int) -> None:
    """Note in the history that this insn moves a register to or from the slot (6.8)."""
    if not env.rules.SPILL_ZERO:
        return
    last, idx = state.history, env.insn_idx
    if last is not None and last.idx == idx and env.hist_pushed == env.insns_processed:
        state.history = Step(last.before, idx, last.prev_idx, frame.frameno, spi, last.linked)
    else:
        state.history = Step(last, idx, env.prev_insn_idx, frame.frameno, spi)
        env.hist_pushed = env.insns_processed
