"""Stack that a helper reads or fills.

Source: check_stack_range_initialized() and, until 5.11, check_stack_boundary(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES
from verifier_model.check.stack_slots import check_bounds, lasting, note_depth, scrubbed, write_data
from verifier_model.reg import BTF_IDS, SCALAR_VALUE
from verifier_model.stack import (
    DYNPTR,
    INVALID,
    MISC,
    POISON,
    SLOT,
    ZERO,
    Slot,
    is_spilled,
    kind_at,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState


def check_initialized(
    env: Env,
    state: VerifierState,
    regno: int,
    ptr: RegState,
    off: int,
    size: int,
    *,
    helper: bool,
    writes: bool,
    raw: bool,
    poison_ok: bool = False,
) -> bool:
    """A helper, or a load at a variable offset, may read every byte it may reach.

    writes: the helper may store there.  raw: it fills all `size` bytes and reads none.
    poison_ok: it may be that nothing is read.
    Returns whether the bytes will be filled, so that the caller calls clobber() after the helper.
    """
    rules = env.rules
    frame = state.frames[ptr.frameno]
    how = "helper" if helper else "read"
    if helper and rules.TEXT_NO_INDIRECT:
        how = "write" if writes else "read"
    check_bounds(env, frame, ptr, regno, off, size, how)
    fixed = ptr.is_const()
    if raw and fixed:
        if env.has_dynptrs and rules.DYNPTR_TRACKED and not rules.HELPER_FILLS_DYNPTR:
            _reaches_dynptr(frame, ptr, off, size)
        return True
    if not fixed and not rules.HELPER_STACK_VAR_OFF:
        raise Reject(f"invalid variable stack read R{regno} var_off={ptr.var_off}", EACCES)
    clobbers = helper and (writes or not rules.TEXT_NO_INDIRECT)
    low, high = ptr.smin + off, ptr.smax + off + size
    for at in range(low, high):
        spi = (-at - 1) >> 3
        if not _is_readable(env, frame, at, clobbers, poison_ok):
            raise Reject(_uninitialized(env, regno, ptr, low, at - low, size, helper), EACCES)
        env.mark_stack_read(state, ptr.frameno, spi)
    note_depth(env, frame, low)
    return False


def _reaches_dynptr(frame: FuncState, ptr: RegState, off: int, size: int) -> None:
    """From 6.3 to 7.2 a helper that fills memory leaves dynptrs alone."""
    for at in range(ptr.smin + off, ptr.smax + off + size):
        if kind_at(frame.stack, at) == DYNPTR:
            raise Reject(f"potential write to dynptr at off={at} disallowed", EACCES)


def _is_readable(env: Env, frame: FuncState, at: int, clobbers: bool, poison_ok: bool) -> bool:
    """Whether the byte holds something to read; what a helper may overwrite becomes plain data."""
    rules = env.rules
    spi, i = (-at - 1) >> 3, (-at - 1) & 7
    if spi >= len(frame.stack):
        return False
    slot = frame.stack[spi]
    kind = slot.kinds[i]
    if kind == MISC:
        return True
    if (
        kind == ZERO
        or (kind == INVALID and rules.STACK_UNINIT_READ)
        or (kind == POISON and (clobbers or poison_ok))
    ):
        if clobbers:
            frame.stack[spi] = Slot(slot.kinds[:i] + MISC + slot.kinds[i + 1 :], slot.reg)
        return True
    if not is_spilled(slot) or slot.reg is None:
        return False
    struct = slot.reg.type in BTF_IDS and (not slot.reg.maybe_null or rules.BTF_TAGS)
    if struct and rules.HELPER_READS_SPILLED_STRUCTS:
        return True
    scalar = slot.reg.type is SCALAR_VALUE and rules.HELPER_READS_SPILLS
    if not scalar and not rules.HELPER_READS_SPILLED_POINTERS:
        return False
    if clobbers:
        frame.stack[spi] = Slot(scrubbed(slot.kinds))
    return True


def _uninitialized(
    env: Env, regno: int, ptr: RegState, low: int, i: int, size: int, helper: bool
) -> str:
    rules = env.rules
    indirect = " indirect" if helper and not rules.TEXT_NO_INDIRECT else ""
    where = f" R{regno}" if rules.TEXT_STACK_OF_REG else ""
    if ptr.is_const():
        return f"invalid{indirect} read from stack{where} off {low}+{i} size {size}"
    return f"invalid{indirect} read from stack{where} var_off {ptr.var_off}+{i} size {size}"


def clobber(env: Env, state: VerifierState, ptr: RegState, off: int, size: int) -> None:
    """A helper filled `size` bytes at a constant offset with what nothing is known of."""
    if not size:
        return
    frame = state.frames[ptr.frameno]
    at = ptr.smin + off
    end = at + size
    env.touch_stack(frame, at)
    note_depth(env, frame, at)
    if env.has_dynptrs:
        from verifier_model.check import dynptr

        dynptr.overwrite(env, state, frame, at, end)
    frame.grow((-at - 1) >> 3)
    while at < end:
        spi = (-at - 1) >> 3
        env.scratched_slots |= 1 << spi
        n = min(end, -SLOT * spi) - at
        if n == SLOT:
            # Byte by byte, no store is one of a whole slot: it does not end the slot's life.
            frame.stack[spi] = Slot(MISC * SLOT, lasting(frame.stack[spi], MISC))
        else:
            write_data(env, frame, at, n, MISC)
        at += n
