"""What an ALU operation does to bits and ranges: the scalar_min_max_* functions.

Each function changes `d`, the destination, by `s`, the source; for the 32-bit form the caller
then zero-extends.  Source: adjust_scalar_min_max_vals(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import circular, tnum
from verifier_model.domain.bounds import set_const, set_const32, unbound32, unbound64, update
from verifier_model.domain.word import (
    S32_MAX,
    S32_MIN,
    S64_MAX,
    S64_MIN,
    U16,
    U32,
    U64,
    s32,
    s64,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.domain.value import Value
    from verifier_model.rules import Rules

    Operation = Callable[[Value, Value, Rules, bool], None]


def add(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    if rules.RANGES_CIRCULAR:
        circular.add(d, s)
        d.var_off = tnum.add(d.var_off, s.var_off)
        return
    d.smin, d.smax = _signed(d.smin + s.smin, d.smax + s.smax, S64_MIN, S64_MAX)
    d.umin, d.umax = _unsigned(d.umin + s.umin, d.umax + s.umax, U64, rules)
    if rules.BOUNDS_32:
        d.smin32, d.smax32 = _signed(d.smin32 + s.smin32, d.smax32 + s.smax32, S32_MIN, S32_MAX)
        d.umin32, d.umax32 = _unsigned(d.umin32 + s.umin32, d.umax32 + s.umax32, U32, rules)
    d.var_off = tnum.add(d.var_off, s.var_off)


def sub(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    if rules.RANGES_CIRCULAR:
        circular.sub(d, s)
        d.var_off = tnum.sub(d.var_off, s.var_off)
        return
    d.smin, d.smax = _signed(d.smin - s.smax, d.smax - s.smin, S64_MIN, S64_MAX)
    d.umin, d.umax = _unsigned(d.umin - s.umax, d.umax - s.umin, U64, rules)
    if rules.BOUNDS_32:
        d.smin32, d.smax32 = _signed(d.smin32 - s.smax32, d.smax32 - s.smin32, S32_MIN, S32_MAX)
        d.umin32, d.umax32 = _unsigned(d.umin32 - s.umax32, d.umax32 - s.umin32, U32, rules)
    d.var_off = tnum.sub(d.var_off, s.var_off)


def _signed(low: int, high: int, least: int, most: int) -> tuple[int, int]:
    """The range, or all numbers where an end overflows."""
    return (low, high) if low >= least and high <= most else (least, most)


def _unsigned(low: int, high: int, most: int, rules: Rules) -> tuple[int, int]:
    """The range modulo 2**n, if no end wraps; since 6.17 also if both do."""
    wraps_low, wraps_high = not 0 <= low <= most, not 0 <= high <= most
    if not wraps_low and not wraps_high:
        return low, high
    if wraps_low and wraps_high and rules.RANGE_WRAPS_WHOLE:
        return low & most, high & most
    return 0, most


def neg(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    """0 - s, where `s` is the old destination."""
    set_const(d, 0, rules)
    sub(d, s, rules, alu32)


def mul(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    if rules.TNUM_MUL_UNION:
        d.var_off = tnum.mul_union(d.var_off, s.var_off)
    elif rules.TNUM_MUL_HALVES:
        d.var_off = tnum.mul_halves(d.var_off, s.var_off)
    else:
        d.var_off = tnum.mul(d.var_off, s.var_off)
    if rules.MUL_OF_SIGNED:
        _mul_signed(d, s)
        if rules.RANGES_CIRCULAR:
            circular.join_ranges(d)
        return
    if rules.BOUNDS_32:
        _mul32(d, s)
    if s.smin < 0 or d.smin < 0 or s.umax > U32 or d.umax > U32:
        unbound64(d)
        if not rules.BOUNDS_32:
            update(d, rules)
        return
    d.umin *= s.umin
    d.umax *= s.umax
    d.smin, d.smax = (S64_MIN, S64_MAX) if d.umax > S64_MAX else (d.umin, d.umax)


def _mul32(d: Value, s: Value) -> None:
    if s.smin32 < 0 or d.smin32 < 0 or s.umax32 > U16 or d.umax32 > U16:
        unbound32(d)
        return
    d.umin32 *= s.umin32
    d.umax32 *= s.umax32
    d.smin32, d.smax32 = (S32_MIN, S32_MAX) if d.umax32 > S32_MAX else (d.umin32, d.umax32)


def _mul_signed(d: Value, s: Value) -> None:
    d.umin, d.umax, d.smin, d.smax = (
        *_product(d.umin, d.umax, s.umin, s.umax, 0, U64),
        *_product(d.smin, d.smax, s.smin, s.smax, S64_MIN, S64_MAX),
    )
    d.umin32, d.umax32, d.smin32, d.smax32 = (
        *_product(d.umin32, d.umax32, s.umin32, s.umax32, 0, U32),
        *_product(d.smin32, d.smax32, s.smin32, s.smax32, S32_MIN, S32_MAX),
    )


def _product(
    low: int, high: int, other_low: int, other_high: int, least: int, most: int
) -> tuple[int, int]:
    corners = (low * other_low, low * other_high, high * other_low, high * other_high)
    return _signed(min(corners), max(corners), least, most)


def and_(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    constant64, constant32 = _both_const(d, s)
    d.var_off = tnum.and_(d.var_off, s.var_off)
    if rules.BOUNDS_32:
        if constant32:
            _known32(d, rules)
        else:
            low = d.var_off.value & U32
            _from_unsigned32(d, s, low, min(d.umax32, s.umax32), rules)
    if constant64 and rules.BOUNDS_32:
        set_const(d, d.var_off.value, rules)
        return
    _from_unsigned(d, s, d.var_off.value, min(d.umax, s.umax), rules)
    update(d, rules)


def or_(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    constant64, constant32 = _both_const(d, s)
    d.var_off = tnum.or_(d.var_off, s.var_off)
    if rules.BOUNDS_32:
        if constant32:
            _known32(d, rules)
        elif rules.OR32_FROM_64:
            low, high = max(d.umin, s.umin) & U32, (d.var_off.value | d.var_off.mask) & U32
            _from_unsigned32(d, s, low, high, rules)
        else:
            low = max(d.umin32, s.umin32)
            high = (d.var_off.value | d.var_off.mask) & U32
            _from_unsigned32(d, s, low, high, rules)
    if constant64 and rules.BOUNDS_32:
        set_const(d, d.var_off.value, rules)
        return
    _from_unsigned(d, s, max(d.umin, s.umin), d.var_off.value | d.var_off.mask, rules)
    update(d, rules)


def xor(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    constant64, constant32 = _both_const(d, s)
    value, mask = d.var_off = tnum.xor(d.var_off, s.var_off)
    if constant32:
        _known32(d, rules)
    else:
        _from_unsigned32(d, s, value & U32, (value | mask) & U32, rules)
    if constant64:
        set_const(d, value, rules)
        return
    _from_unsigned(d, s, value, value | mask, rules)
    update(d, rules)


def _both_const(d: Value, s: Value) -> tuple[bool, bool]:
    """Whether both are constants: whole, and in the low half."""
    unknown = d.var_off.mask | s.var_off.mask
    return not unknown, not unknown & U32


def _known32(d: Value, rules: Rules) -> None:
    """CVE-2021-3490: the ranges of the low half were left as they were."""
    if rules.CONST32_SETS_RANGE:
        set_const32(d, d.var_off.value)


def _from_unsigned(d: Value, s: Value, low: int, high: int, rules: Rules) -> None:
    """Unsigned range low..high; the signed one is the same, or unknown."""
    same = s64(low) <= s64(high) if rules.BITWISE_SIGN_FROM_RESULT else d.smin >= 0 and s.smin >= 0
    d.umin, d.umax = low, high
    d.smin, d.smax = (s64(low), s64(high)) if same else (S64_MIN, S64_MAX)


def _from_unsigned32(d: Value, s: Value, low: int, high: int, rules: Rules) -> None:
    same = (
        s32(low) <= s32(high) if rules.BITWISE_SIGN_FROM_RESULT else d.smin32 >= 0 and s.smin32 >= 0
    )
    d.umin32, d.umax32 = low, high
    d.smin32, d.smax32 = (s32(low), s32(high)) if same else (S32_MIN, S32_MAX)


def lsh(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    if alu32 and rules.BOUNDS_32:
        _lsh32(d, s.umin32, s.umax32)
        d.var_off = tnum.subreg(tnum.lshift(tnum.subreg(d.var_off), s.umin32))
        unbound64(d)
        update(d, rules)
        return
    count, most = s.umin, s.umax
    d.smin, d.smax = _signed_lsh(d, count, most, rules)
    if d.umax > 1 << (63 - most):
        d.umin, d.umax = 0, U64
    else:
        d.umin = (d.umin << count) & U64
        d.umax = (d.umax << most) & U64
    if rules.BOUNDS_32:
        _lsh32(d, count, most)
    if rules.RANGES_CIRCULAR:
        circular.join_ranges(d)
    d.var_off = tnum.lshift(d.var_off, count)
    update(d, rules)


def _signed_lsh(d: Value, count: int, most: int, rules: Rules) -> tuple[int, int]:
    """By 32, the first half of a sign extension, keeps the low half's signed range."""
    if not (rules.BOUNDS_32 and count == most == 32):
        return S64_MIN, S64_MAX
    if rules.LSH_32_KEEPS_SIGN:
        return d.smin32 << 32, d.smax32 << 32
    return (
        d.smin32 << 32 if d.smin32 >= 0 else S64_MIN,
        d.smax32 << 32 if d.smax32 >= 0 else S64_MAX,
    )


def _lsh32(d: Value, count: int, most: int) -> None:
    d.smin32, d.smax32 = S32_MIN, S32_MAX
    if most > 31 or d.umax32 > 1 << (31 - most):
        d.umin32, d.umax32 = 0, U32
    else:
        d.umin32 = (d.umin32 << count) & U32
        d.umax32 = (d.umax32 << most) & U32


def rsh(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    if alu32 and rules.BOUNDS_32:
        d.smin32, d.smax32 = S32_MIN, S32_MAX
        d.var_off = tnum.rshift(tnum.subreg(d.var_off), s.umin32)
        d.umin32 >>= s.umax32
        d.umax32 >>= s.umin32
        unbound64(d)
        update(d, rules)
        return
    d.smin, d.smax = S64_MIN, S64_MAX
    d.var_off = tnum.rshift(d.var_off, s.umin)
    d.umin >>= s.umax
    d.umax >>= s.umin
    if rules.BOUNDS_32:
        unbound32(d)
    update(d, rules)


def arsh(d: Value, s: Value, rules: Rules, alu32: bool) -> None:
    if alu32 and rules.BOUNDS_32:
        d.smin32 >>= s.umin32
        d.smax32 >>= s.umin32
        d.var_off = tnum.arshift(tnum.subreg(d.var_off), s.umin32, 32)
        d.umin32, d.umax32 = 0, U32
        unbound64(d)
        update(d, rules)
        return
    count = s.umin
    if alu32 and rules.ARSH32_BY_SUBREG:
        d.smin = (s32(d.smin) >> count) & U32
        d.smax = (s32(d.smax) >> count) & U32
        d.var_off = tnum.arshift(d.var_off, count, 32)
    else:
        d.smin >>= count
        d.smax >>= count
        d.var_off = tnum.arshift(d.var_off, count, 64)
    d.umin, d.umax = 0, U64
    if rules.BOUNDS_32:
        unbound32(d)
    update(d, rules)


# The operation bits of an ALU opcode (include/uapi/linux/bpf.h) and their functions.
OPS: dict[int, Operation] = {
    0x00: add,
    0x10: sub,
    0x20: mul,
    0x40: or_,
    0x50: and_,
    0x60: lsh,
    0x70: rsh,
    0x80: neg,
    0xA0: xor,
    0xC0: arsh,
}
