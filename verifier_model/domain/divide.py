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
    """d = d / s or d % s, where `s` is one number; by 0 gives 0 and leaves `d`."""
    divisor = (s.smin32 if signed else s.umin32) if alu32 else (s.smin if signed else s.umin)
    if divisor == 0:
        if not modulo:
            set_const(d, 0, rules)
        return
    if signed:
        low, high = (d.smin32, d.smax32) if alu32 else (d.smin, d.smax)
        least, most = (S32_MIN, S32_MAX) if alu32 else (S64_MIN, S64_MAX)
        low, high = (_smod if modulo else _sdiv)(low, high, divisor, least, most)
    else:
        low, high = (d.umin32, d.umax32) if alu32 else (d.umin, d.umax)
        low, high = (_umod if modulo else _udiv)(low, high, divisor)
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


def _udiv(low: int, high: int, by: int) -> tuple[int, int]:
    return low // by, high // by


def _umod(low: int, high: int, by: int) -> tuple[int, int]:
    return (low, high) if high < by else (0, min(high, by - 1))


def _truncated(x: int, by: int) -> int:
    q = abs(x) // abs(by)
    return q if (x < 0) == (by < 0) else -q


def _sdiv(low: int, high: int, by: int, least: int, most: int) -> tuple[int, int]:
    if by == -1 and low == least:
        return least, most  # the least number divided by -1 is itself
    ends = (_truncated(low, by), _truncated(high, by))
    return min(ends), max(ends)


def _smod(low: int, high: int, by: int, least: int, most: int) -> tuple[int, int]:
    bound = abs(by) - 1
    if -bound <= low and high <= bound:
        return low, high
    return (
        0 if low >= 0 else max(low, -bound),
        0 if high <= 0 else min(high, bound),
    )
