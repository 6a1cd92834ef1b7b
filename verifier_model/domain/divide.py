"""Division and modulo by a constant: scalar_min_max_udiv() and its family (7.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import tnum
from verifier_model.domain.bounds import set_const, unbound, unbound32, unbound64
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64

if TYPE_CHECKING:
    from verifier_model.domain.value import Value
    from verifier_model.rules import Rules


def divide(d: Value, s: Value, modulo: bool, signed: bool, alu32: bool, rules: Rules) -> None:
    """d = d / s or d % s, where `s` is one number; by 0 gives 0 and leaves `d`.

    What is its own remainder keeps all that is known of it.
    """
    divisor = (s.smin32 if signed else s.umin32) if alu32 else (s.smin if signed else s.umin)
    if divisor == 0:
        if not modulo:
            d.wrap64 = d.wrap32 = None
            set_const(d, 0, rules)
        return
    if signed:
        low, high = (d.smin32, d.smax32) if alu32 else (d.smin, d.smax)
    else:
        low, high = (d.umin32, d.umax32) if alu32 else (d.umin, d.umax)
    if modulo:
        most = abs(divisor) - 1
        if -most <= low and high <= most:
            return
        low, high = _remainders(low, high, most)
    elif signed:
        least, greatest = (S32_MIN, S32_MAX) if alu32 else (S64_MIN, S64_MAX)
        low, high = _sdiv(low, high, divisor, least, greatest)
    else:
        low, high = low // divisor, high // divisor
    d.var_off = tnum.UNKNOWN
    unbound(d)
    if alu32:
        _set32(d, low, high, signed)
        unbound64(d)
    else:
        _set64(d, low, high, signed)
        unbound32(d)


def _set64(d: Value, low: int, high: int, signed: bool) -> None:
    if signed:
        d.smin, d.smax = low, high
    else:
        d.umin, d.umax = low & U64, high & U64


def _set32(d: Value, low: int, high: int, signed: bool) -> None:
    if signed:
        d.smin32, d.smax32 = low, high
    else:
        d.umin32, d.umax32 = low & U32, high & U32


def _truncated(x: int, by: int) -> int:
    q = abs(x) // abs(by)
    return q if (x < 0) == (by < 0) else -q


def _sdiv(low: int, high: int, by: int, least: int, most: int) -> tuple[int, int]:
    if by == -1 and low == least:
        return least, least if high == least else most  # divided by -1 it is itself
    ends = (_truncated(low, by), _truncated(high, by))
    return min(ends), max(ends)


def _remainders(low: int, high: int, most: int) -> tuple[int, int]:
    """The remainders of at most `most` that numbers of that range have: each has its sign."""
    if low >= 0:
        return 0, min(high, most)
    if high <= 0:
        return max(low, -most), 0
    return -most, most
