"""Ranges through a change of width: zero and sign extension, truncation, 32-bit comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import tnum
from verifier_model.domain.bounds import (
    finish_jump,
    set_const,
    sync,
    unbound32,
    unbound64,
    update,
)
from verifier_model.domain.word import HIGH32, S32_MAX, S32_MIN, U32, U64, sign_extend

if TYPE_CHECKING:
    from verifier_model.domain.value import Value
    from verifier_model.rules import Rules


def assign_32_into_64(v: Value, rules: Rules) -> None:
    """The high half is 0, so the 64-bit ranges are those of the low half."""
    v.umin, v.umax = v.umin32, v.umax32
    both = v.smin32 >= 0 and v.smax32 >= 0
    if rules.ASSIGN_32_BOTH_ENDS:
        v.smin, v.smax = (v.smin32, v.smax32) if both else (0, U32)
    else:
        v.smin = max(v.smin32, 0)
        v.smax = v.smax32 if both else U32


def zero_extend(v: Value, rules: Rules) -> None:
    """Clear the high half after a 32-bit operation: zext_32_to_64()."""
    v.var_off = tnum.subreg(v.var_off)
    assign_32_into_64(v, rules)


def combine_64_into_32(v: Value, rules: Rules) -> None:
    """The low half's ranges after a 64-bit comparison (5.7 to 6.7)."""
    unbound32(v)
    if rules.COMBINE_ENDS_TOGETHER:
        if _fits_s32(v.smin, rules) and _fits_s32(v.smax, rules):
            v.smin32, v.smax32 = v.smin, v.smax
    else:
        if _fits_s32(v.smin, rules):
            v.smin32 = v.smin
        if _fits_s32(v.smax, rules):
            v.smax32 = v.smax
    if rules.COMBINE_UNSIGNED_ENDS_TOGETHER:
        if _fits_u32(v.umin, rules) and _fits_u32(v.umax, rules):
            v.umin32, v.umax32 = v.umin, v.umax
    else:
        if _fits_u32(v.umin, rules):
            v.umin32 = v.umin
        if _fits_u32(v.umax, rules):
            v.umax32 = v.umax
    finish_jump(v, rules)


def _fits_s32(x: int, rules: Rules) -> bool:
    if rules.COMBINE_EDGES_FIT:
        return S32_MIN <= x <= S32_MAX
    return S32_MIN < x < S32_MAX


def _fits_u32(x: int, rules: Rules) -> bool:
    return x <= U32 if rules.COMBINE_EDGES_FIT else 0 < x < U32


def combine_32_into_64(v: Value, rules: Rules) -> None:
    """The 64-bit ranges after a 32-bit comparison (5.7 to 6.7)."""
    if not (v.var_off.value | v.var_off.mask) & HIGH32:
        assign_32_into_64(v, rules)
    else:
        unbound64(v)
        if not rules.BOUNDS_SYNC:
            update(v, rules)
    finish_jump(v, rules)


def coerce_to_size(v: Value, size: int, rules: Rules) -> None:
    """Keep the low `size` bytes (1, 2 or 4): coerce_reg_to_size()."""
    keep = (1 << (8 * size)) - 1
    v.var_off = tnum.cast(v.var_off, size)
    if v.umin & ~keep == v.umax & ~keep:
        v.umin &= keep
        v.umax &= keep
    else:
        v.umin, v.umax = 0, keep
    v.smin, v.smax = v.umin, v.umax
    if rules.COERCE_SYNCS:
        if size < 4:
            unbound32(v)
        sync(v, rules)
        return
    if size >= 4 or not rules.BOUNDS_32:
        return
    if rules.DEDUCE_ACROSS_WIDTHS:
        unbound32(v)
        sync(v, rules)
    else:
        combine_64_into_32(v, rules)


def coerce_to_size_sx(v: Value, size: int, rules: Rules) -> None:
    """Keep the low `size` bytes (1, 2 or 4), sign-extended: coerce_reg_to_size_sx()."""
    if not v.var_off.mask:
        set_const(v, sign_extend(v.var_off.value, size) & U64, rules)
        return
    half = 1 << (8 * size - 1)
    top = ~((1 << (8 * size)) - 1)
    if v.smax & top == v.smin & top:
        low, high = sign_extend(v.smin, size), sign_extend(v.smax, size)
        if (low >= 0) == (high >= 0):
            low, high = min(low, high), max(low, high)
            v.smin, v.smax = low, high
            v.umin, v.umax = low & U64, high & U64
            v.smin32, v.smax32 = low, high
            v.umin32, v.umax32 = low & U32, high & U32
            v.var_off = tnum.from_range(low & U64, high & U64)
            return
    v.wrap64 = v.wrap32 = None
    v.smin, v.smax, v.umin, v.umax = -half, half - 1, 0, U64
    v.smin32, v.smax32, v.umin32, v.umax32 = -half, half - 1, 0, U32
    v.var_off = tnum.UNKNOWN


def coerce_subreg_to_size_sx(v: Value, size: int, rules: Rules) -> None:
    """The low half becomes its own low `size` bytes (1 or 2), sign-extended."""
    low32 = tnum.subreg(v.var_off)
    if not low32.mask:
        x = sign_extend(low32.value, size)
        v.var_off = tnum.with_subreg(v.var_off, tnum.const(x & U32))
        v.smin32 = v.smax32 = x
        v.umin32 = v.umax32 = x & U32
        return
    half = 1 << (8 * size - 1)
    top = ~((1 << (8 * size)) - 1)
    if v.smax32 & top == v.smin32 & top:
        low, high = sign_extend(v.smin32, size), sign_extend(v.smax32, size)
        if (low >= 0) == (high >= 0):
            low, high = min(low, high), max(low, high)
            v.smin32, v.smax32 = low, high
            v.umin32, v.umax32 = low & U32, high & U32
            if rules.MOVSX32_SETS_BITS:
                v.var_off = tnum.with_subreg(v.var_off, tnum.from_range(low & U32, high & U32))
            return
    v.smin32, v.smax32, v.umin32, v.umax32 = -half, half - 1, 0, U32
    if rules.MOVSX32_SETS_BITS:
        v.var_off = tnum.with_subreg(v.var_off, tnum.Tnum(0, U32))
