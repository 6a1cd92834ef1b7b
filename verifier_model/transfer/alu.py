"""Arithmetic on scalars, moves, negation and byte swaps.

Source: check_alu_op(), adjust_reg_min_max_vals(), adjust_scalar_min_max_vals().
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emu.isa.table import ALU64, X
from emu.kernel.errno import EINVAL
from verifier_model import invariants
from verifier_model.domain import arith, divide, tnum
from verifier_model.domain.bounds import finish_alu, set_const, sync, unbound
from verifier_model.domain.compare import is_const
from verifier_model.domain.value import Value
from verifier_model.domain.width import (
    coerce_subreg_to_size_sx,
    coerce_to_size,
    coerce_to_size_sx,
    zero_extend,
)
from verifier_model.domain.word import S32_MAX, S32_MIN, U32, U64, s32
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import ADD_CONST, ADD_CONST_32, ADD_CONST_64, PTR_TO_ARENA, SCALAR_VALUE
from verifier_model.scalars import assign_id, unlink, width
from verifier_model.transfer.numbers import of_numbers
from verifier_model.transfer.ptr_alu import adjust_pointer, pointer_difference
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.domain.value import Facts
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.state import FuncState, VerifierState

_ADD, _SUB, _MUL, _DIV, _OR, _AND, _LSH, _RSH, _NEG, _MOD, _XOR, _ARSH = (
    *(0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xC0),
)
_SHIFTS = (_LSH, _RSH, _ARSH)

_BINARY = tuple(
    f"{op}{bits}_{form}"
    for op in ("add", "sub", "mul", "div", "sdiv", "or", "and", "lsh", "rsh", "mod", "smod")
    for bits in (64, 32)
    for form in ("reg", "imm")
) + tuple(
    f"{op}{bits}_{form}" for op in ("xor", "arsh") for bits in (64, 32) for form in ("reg", "imm")
)


@transfer(*_BINARY)
def transfer_binary(env: Env, state: VerifierState, insn: Insn) -> int:
    """dst = dst op src."""
    code = insn.code
    op = code & 0xF0
    if code & X:
        env.read_reg(state, insn.src)
    env.read_reg(state, insn.dst)
    if not code & X:
        _check_imm(env, insn, op)
    env.check_writable(state, insn.dst)
    frame = state.frames[-1]
    dst = frame.regs[insn.dst]
    if code & X:
        src = frame.regs[insn.src]
        if src.type is not SCALAR_VALUE:
            if _is_in_arena(env, dst, src):
                env.write_reg(state, insn.dst, dst if dst.type is PTR_TO_ARENA else src)
            elif dst.type is not SCALAR_VALUE:
                env.write_reg(state, insn.dst, pointer_difference(env, insn))
            else:
                mark_chain_precision(env, state, insn.dst)
                dst = frame.regs[insn.dst]
                new = adjust_pointer(env, insn, src, dst, swapped=True)
                env.write_reg(state, insn.dst, new)
                if new.type is not SCALAR_VALUE and env.marks_reads:
                    _share_life(env, frame, insn)
            return env.insn_idx + 1
        if dst.type is PTR_TO_ARENA:
            return env.insn_idx + 1
        if dst.type is not SCALAR_VALUE or (dst.precise and env.rules.PRECISION_OF_BOTH):
            mark_chain_precision(env, state, insn.src)
            src = frame.regs[insn.src]
    else:
        src = env.immediate(insn.imm & U64)
    if dst.type is not SCALAR_VALUE:
        if dst.type is not PTR_TO_ARENA:
            dst = adjust_pointer(env, insn, dst, src, swapped=False)
        env.write_reg(state, insn.dst, dst)
        return env.insn_idx + 1

    if env.rules.FORK_SIGN_MASK and op in (_AND, _OR) and src.is_const():
        _fork_sign_mask(env, state, insn, dst)
        dst = frame.regs[insn.dst]
    new = dst.copy()
    if not env.rules.LINK_ADD_CONST:
        new.id = 0
    number = of_numbers(env.rules, insn, new, src)
    if number is not None:
        set_const(new, number, env.rules)
    else:
        new = adjust_scalar(env, insn, new, src)
    if env.rules.LINK_ADD_CONST:
        _link_sum(env, insn, op, new, src, wide=dst.umax > U32, known=number is not None)
    env.write_reg(state, insn.dst, new)
    return env.insn_idx + 1


def _share_life(env: Env, frame: FuncState, insn: Insn) -> None:
    """A sum inherits, with the pointer, whether that was written since the last kept state."""
    if env.rules.POINTER_SUM_INHERITS and not frame.regs_written >> insn.src & 1:
        frame.regs_written &= ~(1 << insn.dst)
        frame.regs_lent |= 1 << insn.dst


def _is_in_arena(env: Env, dst: RegState, src: RegState) -> bool:
    """Whether the result points into the arena: whatever is done to a pointer, it still does."""
    return dst.type is PTR_TO_ARENA or (src.type is PTR_TO_ARENA and env.rules.ARENA_POINTER_ADDED)


def _check_imm(env: Env, insn: Insn, op: int) -> None:
    bits = 64 if insn.code & 7 == ALU64 else 32
    if op in (_DIV, _MOD) and insn.imm == 0:
        raise Reject("div by zero", EINVAL)
    if op == _ARSH and bits == 32 and not env.rules.ARSH32:
        raise Reject("BPF_ARSH not supported for 32 bit ALU", EINVAL)
    if op in _SHIFTS and not 0 <= insn.imm < bits:
        raise Reject(f"invalid shift {insn.imm}", EINVAL)


def _link_sum(
    env: Env, insn: Insn, op: int, dst: RegState, src: RegState, *, wide: bool, known: bool
) -> None:
    """A copy plus a constant stays linked to the original (6.11).

    wide: it had a high half.  known: it is the result of two constants.
    """
    alu32 = insn.code & 7 != ALU64
    rules = env.rules
    itself = bool(insn.code & X) and insn.src == insn.dst
    added = dst if itself else src  # the kernel looks at it when it is no more what it was
    value = added.smin
    sums = op == _ADD and not alu32 and added.is_const()
    fits = 0 <= value <= S32_MAX
    if rules.LINK_ADD_CONST_32 and op in (_ADD, _SUB) and is_const(added, alu32):
        value = s32(added.var_off.value) if alu32 else value
        sums = not (alu32 and wide)
        fits = S32_MIN + (op == _SUB) <= value <= S32_MAX
        value = -value if op == _SUB else value
    if not (dst.id and sums) or (itself and rules.SELF_SUM_UNLINKED):
        unlink(dst, rules)
        if dst.off:
            masked = op in (_AND, _OR, _XOR) and src.is_const() and dst.is_const()
            if known or masked or not _is_computed(rules, op, src, alu32):
                dst.off = 0
    elif fits and not dst.id & ADD_CONST:
        dst.id |= ADD_CONST_32 if alu32 else ADD_CONST_64
        dst.off = value
    else:
        dst.id = dst.off = 0


def _fork_sign_mask(env: Env, state: VerifierState, insn: Insn, dst: RegState) -> None:
    """A value that is 0 or -1, or whose low half is, is walked as each: maybe_fork_scalars()."""
    low = (dst.smin, dst.smax) != (-1, 0)
    if low and (dst.smin32, dst.smax32) != (-1, 0):
        return
    other = env.push_branch(state, env.insn_idx, env.insn_idx)
    for holder, value in ((other, 0), (state, U64)):
        known = dst.copy()
        fresh = env.const(value)
        known.var_off = tnum.with_subreg(dst.var_off, fresh.var_off) if low else fresh.var_off
        known.smin32, known.smax32, known.umin32, known.umax32 = fresh.bounds()[4:]
        known.wrap32 = None
        if not low:
            known.smin, known.smax, known.umin, known.umax = fresh.bounds()[:4]
            known.wrap64 = None
            known.id = known.off = 0
        holder.frames[-1].regs[insn.dst] = known


def adjust_scalar(env: Env, insn: Insn, dst: RegState, src: RegState) -> RegState:
    """dst = dst op src, both scalars; `dst` is fresh."""
    rules = env.rules
    op = insn.code & 0xF0
    alu32 = insn.code & 7 != ALU64
    if alu32 and not rules.BOUNDS_32 and rules.ALU32_INPUTS_TRUNCATED:
        src = src.copy()
        coerce_to_size(dst, 4, rules)
        coerce_to_size(src, 4, rules)
    if rules.ALU_OF_UNKNOWN:
        if not _is_computed(rules, op, src, alu32):
            return _unknown_like(env, dst)
    elif not _is_computed_before_6_10(env, rules, op, src, alu32):
        return _unknown_like(env, dst)

    if _is_forgotten(rules, op, src, alu32):
        _forget(env, dst)
        _finish(dst, alu32, rules)
    elif dst.is_const() and src.is_const():
        _operate(dst, src, op, alu32, bool(insn.off), rules)  # quick, and new each time in a loop
    else:
        dst.learn(_result(dst.facts(), src.facts(), op, alu32, bool(insn.off), rules))
    if rules.INVARIANTS_CHECKED:
        invariants.check(env, dst, "alu")
    return dst


def _is_forgotten(rules: Rules, op: int, src: RegState, alu32: bool) -> bool:
    """Whether the release knows nothing of the result."""
    if op in _SHIFTS:
        return src.umax >= (32 if alu32 else 64)
    if op in (_DIV, _MOD):
        return not rules.DIV_TRACKED
    return op == _XOR and not rules.XOR_TRACKED


@lru_cache(maxsize=1 << 12)
def _result(dst: Facts, src: Facts, op: int, alu32: bool, signed: bool, rules: Rules) -> Facts:
    d, s = Value(), Value()
    d.learn(dst)
    s.learn(src)
    _operate(d, s, op, alu32, signed, rules)
    return d.facts()


def _operate(d: Value, s: Value, op: int, alu32: bool, signed: bool, rules: Rules) -> None:
    """d = d op s; signed: of a division."""
    if op not in (_ADD, _SUB, _DIV, _MOD):
        d.wrap64 = d.wrap32 = None  # lost where the ranges are all that is looked at
    if op in (_DIV, _MOD):
        divide.divide(d, s, op == _MOD, signed, alu32, rules)
    else:
        arith.OPS[op](d, s, rules, alu32)
    _finish(d, alu32, rules)


def _finish(dst: Value, alu32: bool, rules: Rules) -> None:
    if alu32:
        if rules.BOUNDS_32:
            zero_extend(dst, rules)
        else:
            coerce_to_size(dst, 4, rules)
    finish_alu(dst, rules)


def _forget(env: Env, dst: RegState) -> None:
    """The result can be any number: mark_reg_unknown()."""
    unbound(dst)
    dst.var_off = tnum.UNKNOWN
    dst.precise = env.unknown_is_precise


def _unknown_like(env: Env, dst: RegState) -> RegState:
    new = env.unknown()
    new.precise = new.precise or (dst.precise and not env.rules.UNKNOWN_IS_IMPRECISE)
    return new


def _is_computed(rules: Rules, op: int, src: RegState, alu32: bool) -> bool:
    """is_safe_to_compute_dst_reg_range() (6.10)."""
    if op in (_ADD, _SUB, _AND, _XOR, _OR, _MUL):
        return True
    if alu32:
        const = not src.var_off.mask & U32 and src.umin32 == src.umax32 and src.smin32 == src.smax32
    else:
        const = src.is_const() and src.umin == src.umax and src.smin == src.smax
    if op in (_DIV, _MOD):
        return const and rules.DIV_TRACKED
    return const and src.umax < (32 if alu32 else 64)


def _is_computed_before_6_10(env: Env, rules: Rules, op: int, src: RegState, alu32: bool) -> bool:
    if alu32 and rules.BOUNDS_32:
        known = not src.var_off.mask & U32
        low, high, ulow, uhigh = src.smin32, src.smax32, src.umin32, src.umax32
    else:
        known = src.is_const()
        low, high, ulow, uhigh = src.smin, src.smax, src.umin, src.umax
    if (known and (low != high or ulow != uhigh)) or low > high or ulow > uhigh:
        return False
    return known or op in (_ADD, _SUB, _AND)


@transfer("mov64_reg")
def transfer_mov64(env: Env, state: VerifierState, insn: Insn) -> int:
    src = env.read_reg(state, insn.src)
    env.check_writable(state, insn.dst)
    if src.type is SCALAR_VALUE and env.rules.SCALAR_IDS:
        src = assign_id(env, state, insn.src)
        if env.rules.INVARIANTS_CHECKED and not src.var_off.mask & U32:
            invariants.check(env, src.copy(), "alu")
    env.write_reg(state, insn.dst, src)
    return env.insn_idx + 1


@transfer("mov32_reg")
def transfer_mov32(env: Env, state: VerifierState, insn: Insn) -> int:
    rules = env.rules
    src = env.read_reg(state, insn.src)
    env.check_writable(state, insn.dst)
    if src.type is not SCALAR_VALUE or not rules.MOV32_KEEPS_RANGE:
        new = env.unknown()
    else:
        fits = width(src) <= 32
        if rules.MOV32_KEEPS_ID and fits:
            src = assign_id(env, state, insn.src)
        new = src.copy()
        if not (rules.MOV32_KEEPS_ID and fits):
            unlink(new, rules)
    if rules.BOUNDS_32:
        zero_extend(new, rules)
        if rules.MOV32_SYNC:
            sync(new, rules)
    else:
        coerce_to_size(new, 4, rules)
    env.write_reg(state, insn.dst, new)
    return env.insn_idx + 1


@transfer("mov64_imm", "mov32_imm")
def transfer_mov_imm(env: Env, state: VerifierState, insn: Insn) -> int:
    env.check_writable(state, insn.dst)
    value = insn.imm & (U64 if insn.code & 7 == ALU64 else U32)
    env.write_reg(state, insn.dst, env.immediate(value))
    return env.insn_idx + 1


@transfer(*(f"movsx{w}_64_reg" for w in (8, 16, 32)), *(f"movsx{w}_32_reg" for w in (8, 16)))
def transfer_movsx(env: Env, state: VerifierState, insn: Insn) -> int:
    rules = env.rules
    src = env.read_reg(state, insn.src)
    env.check_writable(state, insn.dst)
    wide = insn.code & 7 == ALU64
    if src.type is not SCALAR_VALUE:
        new = env.unknown()
    else:
        same = src.umax < 1 << (insn.off - 1)
        if same:
            src = assign_id(env, state, insn.src)
        new = src.copy()
        if not same:
            unlink(new, rules)
        if wide:
            coerce_to_size_sx(new, insn.off >> 3, rules)
        else:
            coerce_subreg_to_size_sx(new, insn.off >> 3, rules)
    if not wide:
        zero_extend(new, rules)
        sync(new, rules)
    env.write_reg(state, insn.dst, new)
    return env.insn_idx + 1


@transfer("neg64", "neg32")
def transfer_neg(env: Env, state: VerifierState, insn: Insn) -> int:
    old = env.read_reg(state, insn.dst)
    env.check_writable(state, insn.dst)
    if old.type is not SCALAR_VALUE or not env.rules.NEG_TRACKED:
        new = env.unknown()
    else:
        new = old.copy()
        new.id = 0
        new.off = 0
        arith.neg(new, old, env.rules, False)
        new.var_off = tnum.neg(old.var_off)
        if insn.code & 7 != ALU64:
            zero_extend(new, env.rules)
        sync(new, env.rules)
    env.write_reg(state, insn.dst, new)
    return env.insn_idx + 1


@transfer(*(f"{name}{width}" for name in ("be", "le", "bswap") for width in (16, 32, 64)))
def transfer_swap(env: Env, state: VerifierState, insn: Insn) -> int:
    old = env.read_reg(state, insn.dst)
    env.check_writable(state, insn.dst)
    new = env.unknown()
    if env.rules.BSWAP_TRACKED and old.type is SCALAR_VALUE:
        size = insn.imm >> 3
        swaps = insn.code & X or insn.code & 7 == ALU64
        if swaps:
            new.id, new.off = old.id, old.off
            new.var_off = tnum.bswap(old.var_off, size)
            new.precise = old.precise
        else:
            new = old.copy()
            if size < 8:
                coerce_to_size(new, size, env.rules)
        # le64 changes nothing, so the register keeps its number.
        if (swaps or size < 8) and not env.rules.BSWAP_KEEPS_ID:
            unlink(new, env.rules)
        sync(new, env.rules)
    env.write_reg(state, insn.dst, new)
    return env.insn_idx + 1
