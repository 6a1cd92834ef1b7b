"""Stores to the stack: what a slot keeps of a register.

Source: check_stack_write_fixed_off(), check_stack_write_var_off(), until 5.11 check_stack_write(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ST
from emu.kernel.errno import EACCES, EINVAL
from verifier_model import log_source
from verifier_model.check.stack_slots import lasting, remember_access, scrub, scrubbed, write_data
from verifier_model.domain.word import U32, U64
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import BTF_IDS, FP, PTR_TO_DYNPTR, PTR_TO_STACK, SCALAR_VALUE
from verifier_model.scalars import assign_id, is_null, is_unbounded, width
from verifier_model.stack import MISC, SLOT, SPILL, ZERO, Slot, is_spilled
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState


def write(
    env: Env, state: VerifierState, ptr_regno: int, ptr: RegState, off: int, size: int, value: int
) -> None:
    """Store register `value` (-1: an immediate or unknown data) through the stack pointer."""
    frame = state.frames[ptr.frameno]
    if env.has_dynptrs:
        from verifier_model.check import dynptr

        dynptr.overwrite(env, state, frame, ptr.smin + off, ptr.smax + off + size)
    if ptr.is_const():
        _write_fixed(env, state, frame, ptr_regno, off + ptr.smin, size, value)
    else:
        _write_var(env, state, frame, ptr, off, size, value)


def _write_fixed(
    env: Env,
    state: VerifierState,
    frame: FuncState,
    ptr_regno: int,
    off: int,
    size: int,
    value: int,
) -> None:
    rules = env.rules
    cur = state.frames[-1]
    reg = cur.regs[value] if value >= 0 else None
    insn = env.insns[env.insn_idx]
    st_imm = reg is None and insn.code & 7 == ST
    env.touch_stack(frame, off)
    spi = (-off - 1) >> 3
    env.scratched_slots |= 1 << spi
    aligned = not off & 7

    if reg is not None and reg.type is SCALAR_VALUE:
        if aligned and _keeps_scalar(env, reg, size):
            _spill_scalar(env, state, frame, spi, value, reg, size, ptr_regno)
            return
    elif reg is not None and _keeps_pointer(env, reg):
        if size != SLOT:
            above = log_source.line(env, env.insn_idx)
            raise Reject("invalid size of register spill", EACCES, above=above)
        if frame is not cur and reg.type is PTR_TO_STACK:
            text = "cannot spill pointers to stack into stack frame of the caller"
            raise Reject(text, EINVAL)
        _save(env, frame, spi, reg, size)
        remember_access(env, state, frame, spi)
        return
    elif st_imm and aligned and rules.SPILL_ST_IMM and (insn.imm != 0 or rules.SPILL_KEEPS_ANY):
        imm = insn.imm & (U32 if rules.ST_IMM_ZERO_EXTENDED else U64)
        _save(env, frame, spi, env.const(imm), size)
        remember_access(env, state, frame, spi)
        return

    kind = MISC
    if (reg is not None and is_null(reg)) or (st_imm and insn.imm == 0 and rules.SPILL_ST_IMM):
        kind = ZERO
        if reg is not None and rules.PRECISION:
            mark_chain_precision(env, state, value)
    write_data(env, frame, off, size, kind)


def _keeps_pointer(env: Env, reg: RegState) -> bool:
    """Whether a spill of this pointer is remembered: is_spillable_regtype()."""
    if reg.type is PTR_TO_DYNPTR:
        return env.rules.DYNPTR_GIVEN_SPILLED
    return env.rules.BTF_SPILLED or reg.type not in BTF_IDS


def _keeps_scalar(env: Env, reg: RegState, size: int) -> bool:
    """Whether a spill of this scalar, aligned to its slot, is remembered as a register."""
    rules = env.rules
    if rules.SPILL_KEEPS_ANY:
        return True
    if size != SLOT and not rules.SPILL_NARROW:
        return False
    if is_null(reg) and not rules.SPILL_ZERO:
        return False
    if rules.SPILL_KEEPS_BOUNDS:
        return not is_unbounded(reg, rules)
    return rules.SPILL_KEEPS_CONST and reg.is_const()


def _spill_scalar(
    env: Env,
    state: VerifierState,
    frame: FuncState,
    spi: int,
    value: int,
    reg: RegState,
    size: int,
    ptr_regno: int,
) -> None:
    rules = env.rules
    if ptr_regno != FP and not rules.SPILL_ZERO:
        # Backtracking knows only stores through r10 until stores are in the history (6.8).
        mark_chain_precision(env, state, value)
        reg = state.frames[-1].regs[value]
    fits = width(reg) <= 8 * size
    if rules.SPILL_KEEPS_ANY and fits:
        reg = assign_id(env, state, value)
    if reg.id and not fits and rules.SPILL_BREAKS_LINK:
        reg = reg.copy()
        reg.id = 0
    _save(env, frame, spi, reg, size)
    remember_access(env, state, frame, spi)


def _save(env: Env, frame: FuncState, spi: int, reg: RegState, size: int) -> None:
    """Put a register into the low `size` bytes of a slot: save_register_state()."""
    if size == SLOT:
        env.mark_stack_write(frame, spi)
        frame.stack[spi] = Slot(SPILL * SLOT, reg)
        return
    old = frame.stack[spi].kinds[: SLOT - size]
    frame.stack[spi] = Slot("".join(scrub(env, kind) for kind in old) + SPILL * size, reg)


def _write_var(
    env: Env, state: VerifierState, frame: FuncState, ptr: RegState, off: int, size: int, value: int
) -> None:
    """A store that may hit any byte of a range: check_stack_write_var_off()."""
    insn = env.insns[env.insn_idx]
    reg = state.frames[-1].regs[value] if value >= 0 else None
    if reg is not None:
        zero = is_null(reg)
    else:
        zero = insn.code & 7 == ST and insn.imm == 0 and env.rules.VAR_STORE_ZERO_IMM
    env.touch_stack(frame, ptr.smin + off)
    zero_used = False
    for at in range(ptr.smin + off, ptr.smax + off + size):
        spi, i = (-at - 1) >> 3, (-at - 1) & 7
        slot = frame.stack[spi]
        env.scratched_slots |= 1 << spi
        kinds = slot.kinds
        if (
            zero
            and kinds[i] == SPILL
            and env.rules.SPILL_KEEPS_ANY
            and slot.reg is not None
            and is_null(slot.reg)
        ):
            zero_used = True
            continue
        if env.rules.VAR_STORE_SCRUBS and is_spilled(slot):
            kinds = scrubbed(kinds)
        kind = MISC
        if zero and kinds[i] == ZERO:
            kind = ZERO
            zero_used = True
        kinds = kinds[:i] + kind + kinds[i + 1 :]
        frame.stack[spi] = Slot(kinds, lasting(slot, kinds))
    if zero_used and value >= 0:
        mark_chain_precision(env, state, value)
