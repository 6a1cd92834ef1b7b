"""What a comparison with a constant tells, on releases until 6.7.

Source: is_branch32_taken(), is_branch64_taken(), reg_set_min_max(), reg_combine_min_max().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import tnum
from verifier_model.domain.bounds import (
    bound_offset,
    deduce,
    finish_jump,
    set_const,
    set_const32,
    unbound,
    update,
)
from verifier_model.domain.compare import (
    JEQ,
    JGE,
    JGT,
    JLE,
    JLT,
    JNE,
    JSET,
    JSGE,
    JSGT,
    JSLE,
    JSLT,
)
from verifier_model.domain.width import coerce_to_size, combine_32_into_64, combine_64_into_32
from verifier_model.domain.word import (
    HIGH32,
    S32_MAX,
    S32_MIN,
    SIGN32,
    U32,
    U64,
    s32,
    s64,
)

if TYPE_CHECKING:
    from verifier_model.domain.value import Value
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules


def decided(reg: RegState, x: int, op: int, jmp32: bool, rules: Rules) -> bool | None:
    """Whether `reg op x` always holds, never does (False), or may do either (None)."""
    v: Value = reg
    t = v.var_off
    if jmp32 and rules.BOUNDS_32:
        x &= U32
        t = tnum.subreg(t)
        signed, low, high, slow, shigh = s32(x), v.umin32, v.umax32, v.smin32, v.smax32
    else:
        if jmp32:
            reg = reg.copy()
            _low_half(reg, rules)
            v, t = reg, reg.var_off
            x &= U32
            signed = s32(x)
        else:
            signed = s64(x)
        low, high, slow, shigh = v.umin, v.umax, v.smin, v.smax
    if op in (JEQ, JNE):
        equal = _equal(t, x, signed, (low, high), (slow, shigh), rules)
        return equal if equal is None or op == JEQ else not equal
    if not rules.BRANCH_BY_RANGE:
        return None
    if op == JSET:
        return True if t.value & x else None if (t.value | t.mask) & x else False
    if op in (JSGT, JSGE, JSLT, JSLE):
        if op == JSGT and shigh == signed and not rules.JSGT_FALSE_AT_EQUAL:
            return None
        low, high, x = slow, shigh, signed
    if op in (JGT, JSGT):
        return True if low > x else False if high <= x else None
    if op in (JGE, JSGE):
        return True if low >= x else False if high < x else None
    if op in (JLT, JSLT):
        return True if high < x else False if low >= x else None
    return True if high <= x else False if low > x else None


def _low_half(reg: RegState, rules: Rules) -> None:
    """The low half as a 64-bit number with its own sign: is_branch_taken() of 5.1 to 5.6."""
    coerce_to_size(reg, 4, rules)
    if (reg.umax ^ reg.umin) & SIGN32:
        reg.smin, reg.smax = S32_MIN, S32_MAX
    reg.smin, reg.smax = s32(reg.smin), s32(reg.smax)


def _equal(
    t: tnum.Tnum,
    x: int,
    signed: int,
    unsigned_range: tuple[int, int],
    signed_range: tuple[int, int],
    rules: Rules,
) -> bool | None:
    if not t.mask:
        return bool(t.value == x)
    if rules.BRANCH_EQ_BY_RANGE and not unsigned_range[0] <= x <= unsigned_range[1]:
        return False
    if rules.BRANCH_EQ_BY_SIGNED_RANGE and not signed_range[0] <= signed <= signed_range[1]:
        return False
    return None


def refine(true: RegState, false: RegState, x: int, op: int, jmp32: bool, rules: Rules) -> None:
    """Bound the register where `reg op x` holds, and where it does not: reg_set_min_max().

    x: a u64; with jmp32 its low half counts.
    """
    if not rules.BOUNDS_32:
        _refine_before_5_7(true, false, x, op, jmp32, rules)
        return
    true_bits, false_bits = true.var_off, false.var_off
    if op in (JEQ, JNE):
        reg = true if op == JEQ else false
        if jmp32:
            set_const32(reg, x)
        else:
            set_const(reg, x, rules)
        if not rules.EQ_KEEPS_ID:
            reg.id = 0
        if not rules.JEQ_BITS_LOST:
            true_bits, false_bits = true.var_off, false.var_off
    elif op == JSET:
        true_bits, false_bits = _refine_bits(true, false, x, jmp32, rules)
    elif jmp32:
        _refine_range32(true, false, x & U32, op)
    else:
        _refine_range(true, false, x, op)
    true.var_off, false.var_off = true_bits, false_bits
    combine = combine_32_into_64 if jmp32 else combine_64_into_32
    combine(false, rules)
    combine(true, rules)


def _refine_bits(
    true: RegState, false: RegState, x: int, jmp32: bool, rules: Rules
) -> tuple[tnum.Tnum, tnum.Tnum]:
    bits = x & U32 if jmp32 else x
    if rules.JSET_FORGETS_RANGE:
        unbound(false)
    unset = tnum.and_(false.var_off, tnum.const(~bits & U64))
    one = bits and not bits & (bits - 1)
    some = tnum.or_(true.var_off, tnum.const(bits)) if one else true.var_off
    return some, unset


def _ends(op: int, x: int) -> tuple[int, int]:
    """For > and >=: (the largest number where it fails, the least where it holds); < mirrored."""
    if op in (JGT, JSGT):
        return x, x + 1
    if op in (JGE, JSGE):
        return x - 1, x
    if op in (JLT, JSLT):
        return x, x - 1
    return x + 1, x


def _refine_range(true: RegState, false: RegState, x: int, op: int) -> None:
    if op in (JGT, JGE):
        fails, holds = _ends(op, x)
        false.umax = min(false.umax, fails & U64)
        true.umin = max(true.umin, holds & U64)
    elif op in (JLT, JLE):
        fails, holds = _ends(op, x)
        false.umin = max(false.umin, fails & U64)
        true.umax = min(true.umax, holds & U64)
    elif op in (JSGT, JSGE):
        fails, holds = _ends(op, s64(x))
        false.smax = min(false.smax, s64(fails))
        true.smin = max(true.smin, s64(holds))
    else:
        fails, holds = _ends(op, s64(x))
        false.smin = max(false.smin, s64(fails))
        true.smax = min(true.smax, s64(holds))


def _refine_range32(true: RegState, false: RegState, x: int, op: int) -> None:
    if op in (JGT, JGE):
        fails, holds = _ends(op, x)
        false.umax32 = min(false.umax32, fails & U32)
        true.umin32 = max(true.umin32, holds & U32)
    elif op in (JLT, JLE):
        fails, holds = _ends(op, x)
        false.umin32 = max(false.umin32, fails & U32)
        true.umax32 = min(true.umax32, holds & U32)
    elif op in (JSGT, JSGE):
        fails, holds = _ends(op, s32(x))
        false.smax32 = min(false.smax32, s32(fails))
        true.smin32 = max(true.smin32, s32(holds))
    else:
        fails, holds = _ends(op, s32(x))
        false.smin32 = max(false.smin32, s32(fails))
        true.smax32 = min(true.smax32, s32(holds))


def combine_equal(a: RegState, b: RegState, rules: Rules) -> None:
    """Both are one number, so each knows what the other knew: __reg_combine_min_max()."""
    a.umin = b.umin = max(a.umin, b.umin)
    a.umax = b.umax = min(a.umax, b.umax)
    a.smin = b.smin = max(a.smin, b.smin)
    a.smax = b.smax = min(a.smax, b.smax)
    a.var_off = b.var_off = tnum.intersect(a.var_off, b.var_off)
    if rules.BOUNDS_SYNC:
        finish_jump(a, rules)
        finish_jump(b, rules)
        return
    for reg in (a, b):
        update(reg, rules)
    for reg in (a, b):
        deduce(reg, rules)
        bound_offset(reg, rules)
        update(reg, rules)


# -- before 5.7 ------------------------------------------------------------------------------


def _refine_before_5_7(
    true: RegState, false: RegState, x: int, op: int, jmp32: bool, rules: Rules
) -> None:
    if jmp32:
        x &= U32
    if op in (JEQ, JNE):
        reg = true if op == JEQ else false
        if jmp32:
            high = tnum.clear_subreg(reg.var_off)
            reg.var_off = tnum.Tnum(high.value | x, high.mask)
        else:
            set_const(reg, x, rules)
            reg.id = 0
    elif op == JSET:
        if not rules.BRANCH_BY_RANGE:
            return
        true.var_off, false.var_off = _refine_bits(true, false, x, False, rules)
    elif not jmp32:
        _refine_range(true, false, x, op)
    else:
        _refine_low_half(true, false, x, op)
    finish_jump(false, rules)
    finish_jump(true, rules)


def _refine_low_half(true: RegState, false: RegState, x: int, op: int) -> None:
    """The high half's known bits are added to the ends; a signed end counts if it has one sign."""
    if op in (JSGT, JSGE, JSLT, JSLE):
        signed = s32(x)
        fails, holds = _ends(op, signed)
        for reg, end, upper in (
            (false, fails, op in (JSGT, JSGE)),
            (true, holds, op in (JSLT, JSLE)),
        ):
            if not _sign_extended(signed, reg):
                continue
            if upper:
                reg.smax = min(reg.smax, end)
            else:
                reg.smin = max(reg.smin, end)
        return
    fails, holds = _ends(op, x)
    for reg, end, upper in (
        (false, fails, op in (JGT, JGE)),
        (true, holds, op in (JLT, JLE)),
    ):
        if upper:
            most = (reg.var_off.value | reg.var_off.mask) & HIGH32
            reg.umax = min(reg.umax, (end + most) & U64)
        else:
            least = reg.var_off.value & HIGH32
            reg.umin = max(reg.umin, (end + least) & U64)


def _sign_extended(x: int, reg: RegState) -> bool:
    """cmp_val_with_extended_s64()."""
    if x >= 0:
        return reg.smin >= 0 and reg.smax <= S32_MAX
    return reg.smax <= 0 and reg.smin >= S32_MIN
