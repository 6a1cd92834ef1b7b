"""Loads, stores and helper accesses of the stack: in the frame, initialised, and what they keep.

Source: check_stack_read(), check_stack_write(), check_stack_range_initialized() and, until 5.11,
check_stack_boundary(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ST
from emu.kernel.errno import EACCES, EINVAL
from verifier_model.domain.word import U32, U64
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import FP, PTR_TO_STACK, SCALAR_VALUE, UNINIT
from verifier_model.scalars import assign_id, is_null, is_unbounded, width
from verifier_model.stack import INVALID, MISC, SLOT, SPILL, ZERO, Slot, is_spilled, kind_at
from verifier_model.state import Step
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState

MAX_STACK = 512
MAX_VAR_OFF = 1 << 29


def check_bounds(
    env: Env, frame: FuncState, reg: RegState, regno: int, off: int, size: int, how: str
) -> None:
    """The access stays in the frame; the stack grows to it: check_stack_access_within_bounds().

    how: "read", "write" or "helper", which may do either.
    """
    if not env.rules.TEXT_STACK_OF_REG:
        _check_bounds_before_5_12(reg, regno, off, size, how)
        low = reg.smin + off
    else:
        extra = {"read": " read from", "write": " write to", "helper": " indirect access to"}[how]
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
        if how == "read" and not env.rules.STACK_UNINIT_READ:
            least = -SLOT * len(frame.stack)
        if low < least or low > -1 or high > 0 or size < 0:
            if reg.is_const():
                text = f"invalid{extra} stack R{regno} off={off} size={size}"
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
            raise Reject(text, EACCES)
    if low < -SLOT * len(frame.stack):
        frame.grow((-low - 1) // SLOT)
    depth = env.stack_depth
    if -low > depth[frame.subprogno]:
        depth[frame.subprogno] = -low


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


# -- stores ----------------------------------------------------------------------------------


def write(
    env: Env, state: VerifierState, ptr_regno: int, ptr: RegState, off: int, size: int, value: int
) -> None:
    """Store register `value` (-1: an immediate or unknown data) through the stack pointer."""
    frame = state.frames[ptr.frameno]
    if ptr.is_const():
        _write_fixed(env, state, frame, ptr_regno, off + ptr.smin, size, value)
    else:
        _write_var(env, state, frame, ptr, off, size, value)


def _write_fixed(
    env: Env, state: VerifierState, frame: FuncState, ptr_regno: int, off: int, size: int, value: int
) -> None:
    rules = env.rules
    cur = state.frames[-1]
    reg = cur.regs[value] if value >= 0 else None
    insn = env.insns[env.insn_idx]
    st_imm = reg is None and insn.code & 7 == ST
    spi = (-off - 1) >> 3
    frame.scratched_stack |= 1 << spi
    aligned = not off & 7

    if reg is not None and reg.type is SCALAR_VALUE:
        if aligned and _keeps_scalar(env, reg, size):
            _spill_scalar(env, state, frame, spi, value, reg, size, ptr_regno)
            return
    elif reg is not None:
        if size != SLOT:
            raise Reject("invalid size of register spill", EACCES)
        if frame is not cur and reg.type is PTR_TO_STACK:
            text = "cannot spill pointers to stack into stack frame of the caller"
            raise Reject(text, EINVAL)
        _save(env, frame, spi, reg, size)
        _remember_access(env, state, frame, spi)
        return
    elif (
        st_imm
        and aligned
        and rules.SPILL_ST_IMM
        and (insn.imm != 0 or rules.SPILL_KEEPS_ANY)
    ):
        imm = insn.imm & (U32 if rules.ST_IMM_ZERO_EXTENDED else U64)
        _save(env, frame, spi, env.const(imm), size)
        _remember_access(env, state, frame, spi)
        return

    kind = MISC
    if (reg is not None and is_null(reg)) or (st_imm and insn.imm == 0 and rules.SPILL_ST_IMM):
        kind = ZERO
        if reg is not None and rules.PRECISION:
            mark_chain_precision(env, state, value)
    _write_data(env, frame, off, size, kind)


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
    if reg.id and not fits and rules.CONST_HAS_NO_ID:
        reg = reg.copy()
        reg.id = 0
    _save(env, frame, spi, reg, size)
    _remember_access(env, state, frame, spi)


def _save(env: Env, frame: FuncState, spi: int, reg: RegState, size: int) -> None:
    """Put a register into the low `size` bytes of a slot: save_register_state()."""
    if size == SLOT:
        frame.stack_written |= 1 << spi
        frame.stack[spi] = Slot(SPILL * SLOT, reg)
        return
    old = frame.stack[spi].kinds[: SLOT - size]
    frame.stack[spi] = Slot("".join(_scrub(env, kind) for kind in old) + SPILL * size, reg)


def _scrub(env: Env, kind: str) -> str:
    """A byte next to a narrow spill, or of a spilled register that is overwritten in part."""
    if kind == INVALID:
        return INVALID if env.rules.STACK_UNINIT_READ or not env.rules.SPILL_KEEPS_ANY else MISC
    if kind == ZERO and env.rules.SPILL_KEEPS_ANY:
        return ZERO
    return MISC


def _write_data(env: Env, frame: FuncState, off: int, size: int, kind: str) -> None:
    """Plain bytes overwrite part of one slot; a register that was spilled there is lost."""
    spi = (-off - 1) >> 3
    if size == SLOT:
        frame.stack_written |= 1 << spi
        frame.stack[spi] = Slot(kind * SLOT)
        return
    slot = frame.stack[spi]
    kinds = slot.kinds
    if slot.reg is not None and (is_spilled(slot) or SPILL in kinds):
        if env.rules.PARTIAL_SPILL_SCRUBBED:
            kinds = kinds.replace(SPILL, MISC)
    last = ((-off - 1) & 7) + 1
    kinds = kinds[: last - size] + kind * size + kinds[last:]
    frame.stack[spi] = Slot(kinds, UNINIT if SPILL in kinds else None)


def _write_var(
    env: Env, state: VerifierState, frame: FuncState, ptr: RegState, off: int, size: int, value: int
) -> None:
    """A store that may hit any byte of a range: check_stack_write_var_off()."""
    insn = env.insns[env.insn_idx]
    reg = state.frames[-1].regs[value] if value >= 0 else None
    if reg is not None:
        zero = is_null(reg)
    else:
        zero = insn.code & 7 == ST and insn.imm == 0 and env.rules.SPILL_ST_IMM
    zero_used = False
    for at in range(ptr.smin + off, ptr.smax + off + size):
        spi, i = (-at - 1) >> 3, (-at - 1) & 7
        slot = frame.stack[spi]
        frame.scratched_stack |= 1 << spi
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
        kind = MISC
        if zero and kinds[i] == ZERO:
            kind = ZERO
            zero_used = True
        kinds = kinds[:i] + kind + kinds[i + 1 :]
        frame.stack[spi] = Slot(kinds, UNINIT if SPILL in kinds else None)
    if zero_used and value >= 0:
        mark_chain_precision(env, state, value)


def clobber(env: Env, frame: FuncState, ptr: RegState, off: int, size: int) -> None:
    """A helper filled `size` bytes at a constant offset with what nothing is known of."""
    at = ptr.smin + off
    end = at + size
    while at < end:
        spi = (-at - 1) >> 3
        frame.scratched_stack |= 1 << spi
        n = min(end, -SLOT * spi) - at
        if n == SLOT:
            # Byte by byte, no store is one of a whole slot: it does not end the slot's life.
            frame.stack[spi] = Slot(MISC * SLOT)
        else:
            _write_data(env, frame, at, n, MISC)
        at += n


# -- loads -----------------------------------------------------------------------------------


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
    return _from_bytes(env, frame, ptr.smin + off, ptr.smax + off + size)


def _read_fixed(
    env: Env, state: VerifierState, frame: FuncState, frameno: int, off: int, size: int, dst: int
) -> RegState | None:
    spi = (-off - 1) >> 3
    if spi >= len(frame.stack):
        raise Reject(f"invalid read from stack off {off}+0 size {size}", EACCES)
    slot = frame.stack[spi]
    frame.scratched_stack |= 1 << spi
    if not is_spilled(slot):
        _check_bytes(env, slot, off, size, MISC + ZERO)
        state.mark_stack_read(frameno, spi)
        return _from_bytes(env, frame, off, off + size) if dst >= 0 else None

    reg = slot.reg
    assert reg is not None
    spilled = SLOT - len(slot.kinds.rstrip(SPILL))
    if size != SLOT or spilled != SLOT:
        state.mark_stack_read(frameno, spi)
        return _read_narrow(env, state, frame, spi, off, size, spilled, dst)
    if dst < 0 and reg.type is not SCALAR_VALUE:
        raise Reject(f"leaking pointer from stack off {off}", EACCES)
    state.mark_stack_read(frameno, spi)
    if dst < 0:
        return None
    if env.rules.SPILL_KEEPS_ANY and reg.type is SCALAR_VALUE:
        reg = _with_id(env, frame, spi)
    _remember_access(env, state, frame, spi)
    return reg


def _with_id(env: Env, frame: FuncState, spi: int) -> RegState:
    """The spilled scalar, linked so that the fill shares what comparisons tell."""
    slot = frame.stack[spi]
    reg = slot.reg
    assert reg is not None
    if reg.is_const() or (reg.id and not reg.off):
        return reg
    reg = reg.copy()
    reg.id = env.new_id()
    reg.off = 0
    frame.stack[spi] = Slot(slot.kinds, reg)
    return reg


def _read_narrow(
    env: Env,
    state: VerifierState,
    frame: FuncState,
    spi: int,
    off: int,
    size: int,
    spilled: int,
    dst: int,
) -> RegState | None:
    """A load that is not of a whole spilled register, or of one spilled narrow."""
    rules = env.rules
    slot = frame.stack[spi]
    reg = slot.reg
    assert reg is not None
    if not rules.FILL_NARROW_SCALAR:
        if size == SLOT:
            raise Reject("corrupted spill memory", EACCES)
        raise Reject("invalid size of register spill", EACCES)
    if size == SLOT and not rules.SPILL_NARROW:
        raise Reject("corrupted spill memory", EACCES)
    if reg.type is not SCALAR_VALUE:
        raise Reject("invalid size of register fill", EACCES)
    if dst < 0:
        return None
    if rules.FILL_NARROW:
        restores = size <= spilled and not off & 7
    else:
        restores = rules.SPILL_NARROW and size == spilled and not off & 7
    if restores:
        if rules.SPILL_KEEPS_ANY and size == spilled == 4 and width(reg) <= 32:
            reg = _with_id(env, frame, spi)
        if reg.id and rules.CONST_HAS_NO_ID and width(reg) > 8 * size:
            reg = reg.copy()
            reg.id = 0
        _remember_access(env, state, frame, spi)
        return reg
    if not rules.SPILL_NARROW:
        return env.unknown()
    allowed = MISC + SPILL + (ZERO if rules.FILL_ZERO_BYTES else "")
    kinds = _check_bytes(env, slot, off, size, allowed)
    if rules.FILL_ZERO_BYTES:
        if kinds == SPILL * size and is_null(reg):
            _remember_access(env, state, frame, spi)
            return env.const(0)
        if kinds == ZERO * size:
            return env.const(0)
    return env.unknown()


def _check_bytes(env: Env, slot: Slot, off: int, size: int, allowed: str) -> str:
    """The kinds of the bytes of a load, which must be among `allowed`."""
    last = (-off - 1) & 7
    kinds = slot.kinds[last - size + 1 : last + 1]
    for i, kind in enumerate(reversed(kinds)):
        if kind in allowed or (kind == INVALID and env.rules.STACK_UNINIT_READ):
            continue
        raise Reject(f"invalid read from stack off {off}+{i} size {size}", EACCES)
    return kinds


def _from_bytes(env: Env, frame: FuncState, low: int, high: int) -> RegState:
    """0 if all bytes of [low, high) are known to be 0, else unknown: mark_reg_stack_read()."""
    for at in range(low, high):
        if kind_at(frame.stack, at) != ZERO:
            return env.unknown()
    zero = env.const(0)
    if not env.rules.SPILL_ZERO:
        # ZERO is not in the history: until 6.8 the value counts as precise instead.
        zero.precise = True
    return zero


# -- helpers ---------------------------------------------------------------------------------


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
) -> bool:
    """A helper, or a load at a variable offset, may read every byte it may reach.

    writes: the helper may store there.  raw: it fills all `size` bytes and reads none.
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
        return True
    if not fixed and not rules.HELPER_STACK_VAR_OFF:
        raise Reject(f"invalid variable stack read R{regno} var_off={ptr.var_off}", EACCES)
    clobbers = helper and (writes or not rules.TEXT_NO_INDIRECT)
    low, high = ptr.smin + off, ptr.smax + off + size
    for at in range(low, high):
        spi = (-at - 1) >> 3
        if not _is_readable(env, frame, at, clobbers):
            raise Reject(_uninitialized(env, regno, ptr, low, at - low, size, helper), EACCES)
        state.mark_stack_read(ptr.frameno, spi)
    return False


def _is_readable(env: Env, frame: FuncState, at: int, clobbers: bool) -> bool:
    """Whether the byte holds something to read; what a helper may overwrite becomes plain data."""
    rules = env.rules
    spi, i = (-at - 1) >> 3, (-at - 1) & 7
    if spi >= len(frame.stack):
        return False
    slot = frame.stack[spi]
    kind = slot.kinds[i]
    if kind == MISC:
        return True
    if kind == ZERO or (kind == INVALID and rules.STACK_UNINIT_READ):
        if clobbers:
            frame.stack[spi] = Slot(slot.kinds[:i] + MISC + slot.kinds[i + 1 :], slot.reg)
        return True
    if not is_spilled(slot) or slot.reg is None:
        return False
    scalar = slot.reg.type is SCALAR_VALUE and rules.HELPER_READS_SPILLS
    if not scalar and not rules.HELPER_READS_SPILLED_POINTERS:
        return False
    if clobbers:
        frame.stack[spi] = Slot("".join(_scrub(env, k) for k in slot.kinds))
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


def _remember_access(env: Env, state: VerifierState, frame: FuncState, spi: int) -> None:
    """Note in the history that this insn moves a register to or from the slot (6.8)."""
    if not env.rules.SPILL_ZERO:
        return
    history = state.history
    if history and history[-1].idx == env.insn_idx and env.hist_pushed == env.insns_processed:
        history[-1] = history[-1]._replace(stack_frame=frame.frameno, spi=spi)
    else:
        history.append(Step(env.insn_idx, env.prev_insn_idx, frame.frameno, spi))
        env.hist_pushed = env.insns_processed
