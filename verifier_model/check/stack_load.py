"""Loads from the stack: what a fill gives back.

Source: check_stack_read_fixed_off(), check_stack_read_var_off(), until 5.11 check_stack_read(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES
from verifier_model import log_source
from verifier_model.check.stack_helper import check_initialized
from verifier_model.check.stack_slots import remember_access
from verifier_model.precise import mark_slots_precision
from verifier_model.reg import ADD_CONST, SCALAR_VALUE
from verifier_model.scalars import is_null, width
from verifier_model.stack import (
    INVALID,
    MISC,
    SLOT,
    SPILL,
    ZERO,
    Slot,
    is_spilled,
    kind_at,
    slot_of,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState


def read(
    env: Env, state: VerifierState, regno: int, ptr: RegState, off: int, size: int, dst: int
) -> RegState | None:
    """Load from the stack: the register the load gives, or None if `dst` is -1."""
    frame = state.frames[ptr.frameno]
    if ptr.is_const():
        return _read_fixed(env, state, frame, ptr.frameno, off + ptr.smin, size, dst)
    if dst < 0:
        text = (
            "variable offset stack pointer cannot be passed into helper function; "
            f"var_off={ptr.var_off} off={off} size={size}"
        )
        raise Reject(text, EACCES)
    check_initialized(env, state, regno, ptr, off, size, helper=False, writes=False, raw=False)
    low, high = ptr.smin + off, ptr.smax + off + size
    env.touch_stack(frame, low)
    return _from_bytes(env, state, ptr.frameno, low, high)


def _read_fixed(
    env: Env, state: VerifierState, frame: FuncState, frameno: int, off: int, size: int, dst: int
) -> RegState | None:
    spi = (-off - 1) >> 3
    if spi >= len(frame.stack):
        raise Reject(f"invalid read from stack off {off}+0 size {size}", EACCES)
    env.touch_stack(frame, off)
    slot = frame.stack[spi]
    if env.rules.LOG_STACK_READS:
        env.scratched_slots |= 1 << spi
    if not _holds_register(env, slot):
        _check_bytes(env, slot, off, size, MISC + ZERO)
        env.mark_stack_read(state, frameno, spi)
        return _from_bytes(env, state, frameno, off, off + size) if dst >= 0 else None

    reg = slot.reg
    assert reg is not None
    spilled = SLOT - len(slot.kinds.rstrip(SPILL))
    if size != SLOT or spilled != SLOT:
        env.mark_stack_read(state, frameno, spi)
        return _read_narrow(env, state, frameno, off, size, spilled, dst)
    env.mark_stack_read(state, frameno, spi)
    if dst >= 0 and env.rules.FILL_ASSIGNS_ID and reg.type is SCALAR_VALUE:
        reg = _with_id(env, frame, spi)
    remember_access(env, state, frame, spi)
    return reg if dst >= 0 else None


def _holds_register(env: Env, slot: Slot) -> bool:
    """Whether a load looks at a spilled register; before 5.0 the highest byte told."""
    if env.rules.PARTIAL_SPILL_SCRUBBED:
        return is_spilled(slot)
    return slot.kinds[0] == SPILL


def _with_id(env: Env, frame: FuncState, spi: int) -> RegState:
    """The spilled scalar, linked so that the fill shares what comparisons tell."""
    slot = frame.stack[spi]
    reg = slot.reg
    assert reg is not None
    sums = reg.id & ADD_CONST
    if reg.is_const() or (reg.id and not sums):
        return reg
    reg = reg.copy()
    reg.id = env.new_id()
    if sums:
        reg.off = 0
    frame.stack[spi] = Slot(slot.kinds, reg)
    return reg


def _read_narrow(
    env: Env,
    state: VerifierState,
    frameno: int,
    off: int,
    size: int,
    spilled: int,
    dst: int,
) -> RegState | None:
    """A load that is not of a whole spilled register, or of one spilled narrow."""
    rules, frame, spi = env.rules, state.frames[frameno], slot_of(off)
    slot = frame.stack[spi]
    reg = slot.reg
    assert reg is not None
    if size == SLOT and not rules.SPILL_NARROW:
        raise Reject("corrupted spill memory", EACCES)
    if not rules.FILL_NARROW_SCALAR:
        above = log_source.line(env, env.insn_idx)
        raise Reject("invalid size of register spill", EACCES, above=above)
    if reg.type is not SCALAR_VALUE:
        above = log_source.line(env, env.insn_idx)
        raise Reject("invalid size of register fill", EACCES, above=above)
    if dst < 0:
        return None
    if rules.FILL_NARROW:
        restores = size <= spilled and not off & 7
    else:
        restores = rules.SPILL_NARROW and size == spilled and not off & 7
    if restores:
        if rules.FILL_ASSIGNS_ID and size == spilled == 4 and width(reg) <= 32:
            reg = _with_id(env, frame, spi)
        if reg.id and rules.CONST_HAS_NO_ID and width(reg) > 8 * size:
            reg = reg.copy()
            reg.id = 0
        remember_access(env, state, frame, spi)
        return reg
    if not rules.SPILL_NARROW:
        return env.anything
    allowed = MISC + SPILL + (ZERO if rules.FILL_ZERO_BYTES else "")
    kinds = _check_bytes(env, slot, off, size, allowed)
    if rules.FILL_ZERO_BYTES:
        if kinds == SPILL * size and is_null(reg):
            remember_access(env, state, frame, spi)
            return env.const(0)
        if kinds == ZERO * size:
            return env.const(0)
    if not rules.ZEROS_OF_SPILLS:
        return env.anything
    return _from_bytes(env, state, frameno, off, off + size)


def _check_bytes(env: Env, slot: Slot, off: int, size: int, allowed: str) -> str:
    """The kinds of the bytes of a load, which must be among `allowed`."""
    last = (-off - 1) & 7
    kinds = slot.kinds[last - size + 1 : last + 1]
    for i, kind in enumerate(reversed(kinds)):
        if kind in allowed or (kind == INVALID and env.rules.STACK_UNINIT_READ):
            continue
        raise Reject(f"invalid read from stack off {off}+{i} size {size}", EACCES)
    return kinds


def _from_bytes(env: Env, state: VerifierState, frameno: int, low: int, high: int) -> RegState:
    """0 if all bytes of [low, high) are known to be 0, else unknown: mark_reg_stack_read()."""
    rules, stack = env.rules, state.frames[frameno].stack
    spills = 0  # a mask of the slots with a zero that was spilled
    for at in range(low, high):
        spi, kind = slot_of(at), kind_at(stack, at)
        if rules.LOG_STACK_READS:
            env.scratched_slots |= 1 << spi
        if kind == ZERO:
            continue
        reg = stack[spi].reg if kind == SPILL and rules.ZEROS_OF_SPILLS else None
        if reg is None or not is_null(reg):
            return env.anything
        spills |= 1 << spi
    if spills:
        mark_slots_precision(env, state, frameno, spills)
    zero = env.const(0)
    if not rules.SPILL_ZERO:
        # ZERO is not in the history: until 6.8 the value counts as precise instead.
        zero.precise = True
    return zero
