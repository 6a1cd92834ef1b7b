"""Ranges of a 64-bit value and of its low half, and what they and the known bits tell each other.

The functions change the value they are given; callers hand in one that no state shares yet.
Releases differ in what they deduce and in which order; each routine is one release's own, with its
faults, since a verdict depends on them.  Source: kernel/bpf/verifier.c, functions as named.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from verifier_model.domain import circular, tnum
from verifier_model.domain.value import Value
from verifier_model.domain.word import (
    HIGH32,
    S32_MAX,
    S32_MIN,
    S64_MAX,
    S64_MIN,
    SIGN32,
    SIGN64,
    U32,
    U64,
    s32,
    s64,
)

if TYPE_CHECKING:
    from verifier_model.domain.value import Facts
    from verifier_model.rules import Rules


def contains(v: Value, x: int) -> bool:
    """Whether `v` stands for the word `x`."""
    low = x & U32
    return (
        v.var_off.contains(x)
        and v.umin <= x <= v.umax
        and v.smin <= s64(x) <= v.smax
        and v.umin32 <= low <= v.umax32
        and v.smin32 <= s32(low) <= v.smax32
    )


def unbound(v: Value) -> None:
    """Forget all ranges: __mark_reg_unbounded()."""
    unbound64(v)
    unbound32(v)


def unbound64(v: Value) -> None:
    v.smin, v.smax, v.umin, v.umax = S64_MIN, S64_MAX, 0, U64
    v.wrap64 = None


def unbound32(v: Value) -> None:
    v.smin32, v.smax32, v.umin32, v.umax32 = S32_MIN, S32_MAX, 0, U32
    v.wrap32 = None


def set_const(v: Value, x: int, rules: Rules) -> None:
    """`v` is the word `x`: ___mark_reg_known()."""
    v.var_off = tnum.Tnum(x, 0)
    v.umin = v.umax = x
    v.smin = v.smax = s64(x)
    if rules.BOUNDS_32:
        v.umin32 = v.umax32 = x & U32
        v.smin32 = v.smax32 = s32(x)


def set_const32(v: Value, x: int) -> None:
    """The low half of `v` is `x`: __mark_reg32_known()."""
    v.var_off = tnum.with_subreg(v.var_off, tnum.const(x & U32))
    v.umin32 = v.umax32 = x & U32
    v.smin32 = v.smax32 = s32(x)


# -- combining -------------------------------------------------------------------------------


def sync(v: Value, rules: Rules) -> None:
    """Let bits and ranges tell each other what they know: reg_bounds_sync()."""
    if is_settled(v) or (rules.IMPOSSIBLE_RANGE_KEPT and is_impossible(v)):
        return
    v.learn(_synced(v.facts(), rules))


@lru_cache(maxsize=1 << 12)
def _synced(facts: Facts, rules: Rules) -> Facts:
    """The facts of sync(); nine times of ten a walk asks for what it asked for before."""
    v = Value()
    v.learn(facts)
    update(v, rules)
    deduce(v, rules)
    bound_offset(v, rules)
    update(v, rules)
    return v.facts()


def is_settled(v: Value) -> bool:
    """Whether it is one number and everything says so: there is nothing to learn."""
    value, mask = v.var_off
    return (
        not mask
        and v.umin == v.umax == value
        and v.smin == v.smax == s64(value)
        and v.umin32 == v.umax32 == value & U32
        and v.smin32 == v.smax32 == s32(value)
    )


def finish_alu(v: Value, rules: Rules) -> None:
    """The end of an ALU operation; before reg_bounds_sync() the ranges were updated only first."""
    if rules.BOUNDS_SYNC:
        sync(v, rules)
    else:
        v.learn(_alu_finished(v.facts(), rules))


@lru_cache(maxsize=1 << 12)
def _alu_finished(facts: Facts, rules: Rules) -> Facts:
    v = Value()
    v.learn(facts)
    if rules.BOUNDS_32:
        update(v, rules)
    deduce(v, rules)
    bound_offset(v, rules)
    return v.facts()


def finish_jump(v: Value, rules: Rules) -> None:
    """The end of a comparison; before reg_bounds_sync() the ranges were updated only last."""
    if rules.BOUNDS_SYNC:
        sync(v, rules)
    else:
        v.learn(_jump_finished(v.facts(), rules))


@lru_cache(maxsize=1 << 12)
def _jump_finished(facts: Facts, rules: Rules) -> Facts:
    v = Value()
    v.learn(facts)
    deduce(v, rules)
    bound_offset(v, rules)
    update(v, rules)
    return v.facts()


def is_impossible(v: Value) -> bool:
    """Whether some range is empty, so that no run comes here: range_bounds_violation()."""
    return v.smin > v.smax or v.umin > v.umax or v.smin32 > v.smax32 or v.umin32 > v.umax32


def update(v: Value, rules: Rules) -> None:
    """Clamp the ranges by the known bits: __update_reg_bounds()."""
    if rules.RANGES_CIRCULAR:
        circular.clamp(v)
        _update_by_members(v, rules)
        return
    if rules.BOUNDS_32:
        _update32(v)
    _update64(v, rules)


def _update64(v: Value, rules: Rules) -> None:
    value, mask = v.var_off
    v.smin = max(v.smin, s64(value | (mask & SIGN64)))
    v.smax = min(v.smax, s64(value | (mask & S64_MAX)))
    v.umin = max(v.umin, value)
    v.umax = min(v.umax, value | mask)
    if rules.BOUNDS_BY_NEXT_MEMBER:
        _update_by_members(v, rules)


def _update_by_members(v: Value, rules: Rules) -> None:
    """Where the bits leave one word inside the range, it is that word."""
    t = v.var_off
    low, high = v.umin, v.umax
    if low > high and rules.RANGES_CIRCULAR:  # an empty arc has no unsigned bounds
        low, high = 0, U64
    largest = t.value | t.mask
    following = tnum.next_member(t, low)
    if t.contains(low):
        if following > high or (low == largest and not rules.RANGES_CIRCULAR):
            set_const(v, low, rules)
    elif following == largest:
        set_const(v, largest, rules)
    elif following <= high and tnum.next_member(t, following) > high:
        set_const(v, following, rules)


def _update32(v: Value) -> None:
    value, mask = v.var_off.value & U32, v.var_off.mask & U32
    v.smin32 = max(v.smin32, s32(value | (mask & SIGN32)))
    v.smax32 = min(v.smax32, s32(value | (mask & S32_MAX)))
    v.umin32 = max(v.umin32, value)
    v.umax32 = min(v.umax32, value | mask)


def bound_offset(v: Value, rules: Rules) -> None:
    """Learn bits from the ranges: __reg_bound_offset()."""
    t = tnum.intersect(v.var_off, tnum.from_range(v.umin, v.umax))
    if not rules.BOUNDS_32:
        v.var_off = t
        return
    low = tnum.subreg(t if rules.BITS32_FROM_NEW_BITS else v.var_off)
    low = tnum.intersect(low, tnum.from_range(v.umin32, v.umax32))
    v.var_off = tnum.Tnum((t.value & HIGH32) | low.value, (t.mask & HIGH32) | low.mask)


def deduce(v: Value, rules: Rules) -> None:
    """Let signed and unsigned ranges, and both widths, bound each other: __reg_deduce_bounds()."""
    if rules.RANGES_CIRCULAR:
        circular.deduce(v)
        return
    if not rules.DEDUCE_ACROSS_WIDTHS:
        if rules.BOUNDS_32:
            _deduce32_by_sign(v)
        _deduce64_by_sign(v)
        return
    rounds = 3 if rules.DEDUCE_THREE_ROUNDS and not rules.DEDUCE_64_FIRST else 2
    for _ in range(rounds):
        before = (v.smin, v.smax, v.umin, v.umax, v.smin32, v.smax32, v.umin32, v.umax32)
        if rules.DEDUCE_64_FIRST:
            _deduce64(v, rules)
            _deduce32_from_64(v)
            _deduce32(v, rules)
        else:
            _deduce32_from_64(v)
            _deduce32(v, rules)
            _deduce64(v, rules)
        _deduce64_from_32(v, rules)
        if before == (v.smin, v.smax, v.umin, v.umax, v.smin32, v.smax32, v.umin32, v.umax32):
            return  # another round would learn nothing either


def _deduce64_by_sign(v: Value) -> None:
    """__reg64_deduce_bounds() until 6.7; a signed minimum above the unsigned one is forgotten."""
    if v.smin >= 0 or v.smax < 0:
        v.umin = max(v.smin & U64, v.umin)
        v.umax = min(v.smax & U64, v.umax)
        v.smin, v.smax = s64(v.umin), s64(v.umax)
    elif v.umax <= S64_MAX:
        v.smin = s64(v.umin)
        v.umax = min(v.smax & U64, v.umax)
        v.smax = s64(v.umax)
    elif v.umin > S64_MAX:
        v.umin = max(v.smin & U64, v.umin)
        v.smin, v.smax = s64(v.umin), s64(v.umax)


def _deduce32_by_sign(v: Value) -> None:
    if v.smin32 >= 0 or v.smax32 < 0:
        v.umin32 = max(v.smin32 & U32, v.umin32)
        v.umax32 = min(v.smax32 & U32, v.umax32)
        v.smin32, v.smax32 = s32(v.umin32), s32(v.umax32)
    elif v.umax32 <= S32_MAX:
        v.smin32 = s32(v.umin32)
        v.umax32 = min(v.smax32 & U32, v.umax32)
        v.smax32 = s32(v.umax32)
    elif v.umin32 > S32_MAX:
        v.umin32 = max(v.smin32 & U32, v.umin32)
        v.smin32, v.smax32 = s32(v.umin32), s32(v.umax32)


def _deduce32_from_64(v: Value) -> None:
    """The low half, where the high half is one number, or crosses from one to the next."""
    umin, umax = v.umin, v.umax
    smin, smax = v.smin & U64, v.smax & U64
    if umin >> 32 == umax >> 32:
        v.umin32 = max(v.umin32, umin & U32)
        v.umax32 = min(v.umax32, umax & U32)
        if s32(umin) <= s32(umax):
            v.smin32 = max(v.smin32, s32(umin))
            v.smax32 = min(v.smax32, s32(umax))
    if smin >> 32 == smax >> 32:
        if smin & U32 <= smax & U32:
            v.umin32 = max(v.umin32, smin & U32)
            v.umax32 = min(v.umax32, smax & U32)
        if s32(smin) <= s32(smax):
            v.smin32 = max(v.smin32, s32(smin))
            v.smax32 = min(v.smax32, s32(smax))
    if ((umin >> 32) + 1) & U32 == umax >> 32 and s32(umin) < 0 <= s32(umax):
        v.smin32 = max(v.smin32, s32(umin))
        v.smax32 = min(v.smax32, s32(umax))
    if ((smin >> 32) + 1) & U32 == smax >> 32 and s32(smin) < 0 <= s32(smax):
        v.smin32 = max(v.smin32, s32(smin))
        v.smax32 = min(v.smax32, s32(smax))


def _deduce32(v: Value, rules: Rules) -> None:
    if s32(v.umin32) <= s32(v.umax32):
        v.smin32 = max(v.smin32, s32(v.umin32))
        v.smax32 = min(v.smax32, s32(v.umax32))
    low, high = v.smin32 & U32, v.smax32 & U32
    if low <= high:
        v.umin32 = max(v.umin32, low)
        v.umax32 = min(v.umax32, high)
    elif rules.DEDUCE_SIGN_CROSSING_32:
        if v.umax32 < low:
            v.smin32 = s32(v.umin32)
            v.umax32 = min(v.umax32, high)
        elif high < v.umin32:
            v.smax32 = s32(v.umax32)
            v.umin32 = max(v.umin32, low)


def _deduce64(v: Value, rules: Rules) -> None:
    if s64(v.umin) <= s64(v.umax):
        v.smin = max(v.smin, s64(v.umin))
        v.smax = min(v.smax, s64(v.umax))
    low, high = v.smin & U64, v.smax & U64
    if low <= high:
        v.umin = max(v.umin, low)
        v.umax = min(v.umax, high)
    elif rules.DEDUCE_SIGN_CROSSING:
        if v.umax < low:
            v.smin = s64(v.umin)
            v.umax = min(v.umax, high)
        elif high < v.umin:
            v.smax = s64(v.umax)
            v.umin = max(v.umin, low)


def _deduce64_from_32(v: Value, rules: Rules) -> None:
    """__reg_deduce_mixed_bounds(): put the low half's range under each end's high half."""
    _replace_low(v, v.umin32, v.umax32)
    if rules.DEDUCE_MIXED_S32 and v.smin32 & U32 <= v.smax32 & U32:
        _replace_low(v, v.smin32 & U32, v.smax32 & U32)
    if rules.DEDUCE_SIGN_EXTENDED and v.smin32 >= 0 and v.smin >= S32_MIN and v.smax <= S32_MAX:
        v.smin = v.umin = v.smin32
        v.smax = v.umax = v.smax32
        v.var_off = tnum.intersect(v.var_off, tnum.from_range(v.smin & U64, v.smax & U64))


def _replace_low(v: Value, low: int, high: int) -> None:
    v.umin = max(v.umin, (v.umin & HIGH32) | low)
    v.umax = min(v.umax, (v.umax & HIGH32) | high)
    v.smin = max(v.smin, s64((v.smin & HIGH32) | low))
    v.smax = min(v.smax, s64((v.smax & HIGH32) | high))
