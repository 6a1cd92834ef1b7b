"""What the translator knows about values: intervals, and addresses relative to a definition.

A value is base + [lo, hi].  Base 0 is the number zero, so the value is a number in that interval.
Another base stands for what some instruction put into a register (a u64), and lo and hi may be
negative: two addresses of one base lie close together, so they lie in one region of memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from emu.vm.registry import U32, U64

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBER: Final = 0
STACK: Final = -1  # the frame's end: r10
S63: Final = 1 << 63
# Addresses that the machine hands out lie at least this far from both ends of the u64.
STACK_LOW, ADDRESS_HIGH = S63, U64 - (1 << 40)
# Offsets from a base beyond this are forgotten.  Regions are shorter than 4 GiB by more than twice
# that, so an offset in one that leaves its end, or its start, does not come back to its bytes.
WINDOW: Final = 1 << 28


class Value(NamedTuple):
    """base + [lo, hi]."""

    base: int
    lo: int
    hi: int


TOP = Value(NUMBER, 0, U64)


def definition(place: int, *, is_address: bool = False) -> int:
    """The base for what is defined at `place`; is_address: the machine's, or 0."""
    return 2 * (place + 1) + is_address


def number(value: int) -> Value:
    """A known number."""
    return Value(NUMBER, value, value)


def bounds(value: Value) -> tuple[int, int]:
    """Smallest and largest u64 that it can be; beyond u64 where it may have wrapped."""
    base, lo, hi = value
    if base == NUMBER:
        return lo, hi
    if base == STACK:
        return STACK_LOW + lo, ADDRESS_HIGH + hi
    return lo, (ADDRESS_HIGH if base & 1 else U64) + hi


def limits(value: Value) -> tuple[int, int]:
    """Bounds within u64."""
    lo, hi = bounds(value)
    return (lo, hi) if lo >= 0 and hi <= U64 else (0, U64)


def join(a: Value, b: Value) -> Value:
    """A value that both are."""
    if a == b:
        return a
    if a.base != b.base:
        (al, ah), (bl, bh) = limits(a), limits(b)
        return Value(NUMBER, min(al, bl), max(ah, bh))
    return Value(a.base, min(a.lo, b.lo), max(a.hi, b.hi))


def widen(old: Value, new: Value, thresholds: Sequence[int]) -> Value:
    """`new`, or more: so that few steps lead to a value that does not change."""
    if new.base != old.base:
        return new
    if new.base != NUMBER:
        return new if new == old else Value(NUMBER, *limits(Value(new.base, -WINDOW, WINDOW)))
    lo, hi = new.lo, new.hi
    if lo < old.lo:
        lo = next((threshold for threshold in reversed(thresholds) if threshold <= lo), 0)
    if hi > old.hi:
        hi = next((threshold for threshold in thresholds if threshold >= hi), U64)
    return Value(NUMBER, lo, hi)


def signed(value: Value) -> tuple[int, int] | None:
    """The interval as two's complement; None where it has both signs."""
    if value.base != NUMBER:
        return None
    if value.hi < S63:
        return value.lo, value.hi
    if value.lo >= S63:
        return value.lo - U64 - 1, value.hi - U64 - 1
    return None


def moved(value: Value, by: Value, sign: int) -> Value | None:
    """The address `value` plus (sign 1) or minus (-1) a number; None where nothing is known."""
    step = signed(by)
    if value.base == NUMBER or step is None:
        return None
    low, high = step if sign > 0 else (-step[1], -step[0])
    result = Value(value.base, value.lo + low, value.hi + high)
    return result if result.lo >= -WINDOW and result.hi <= WINDOW else None


def compute(operation: str, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int] | None:
    """What an operation makes of intervals, before it is cut to the register's width."""
    (al, ah), (bl, bh) = a, b
    match operation:
        case "add":
            return al + bl, ah + bh
        case "sub":
            return al - bh, ah - bl
        case "mul":
            return al * bl, ah * bh
        case "and":
            return 0, min(ah, bh)
        case "or":
            return max(al, bl), (1 << max(ah, bh).bit_length()) - 1
        case "xor":
            return 0, (1 << max(ah, bh).bit_length()) - 1
        case "lsh":
            return (al << bl, ah << bl) if bl == bh else None
        case "rsh":
            return (al >> bl, ah >> bl) if bl == bh else (0, ah)
        case "div":
            return (al // bl, ah // bl) if bl == bh and bl else (0, ah)
        case "mod":
            return 0, min(ah, bh - 1) if bl else ah
    return None


def refine(operation: str, value: Value, other: Value, *, holds: bool) -> Value:
    """What is known of a number once its unsigned comparison with `other` did, or did not, hold."""
    if value.base != NUMBER:
        return value
    if not holds:
        operation = OPPOSITE[operation]
    low, high = limits(other)
    lo, hi = value.lo, value.hi
    match operation:
        case "jlt":
            hi = min(hi, high - 1)
        case "jle":
            hi = min(hi, high)
        case "jgt":
            lo = max(lo, low + 1)
        case "jge":
            lo = max(lo, low)
        case "jeq":
            lo, hi = max(lo, low), min(hi, high)
        case "jne" if low == high:
            lo, hi = lo + (lo == low), hi - (hi == low)
    return Value(NUMBER, lo, hi) if lo <= hi else value


OPPOSITE = {
    "jeq": "jne", "jne": "jeq", "jlt": "jge", "jge": "jlt", "jgt": "jle", "jle": "jgt",
}  # fmt: skip
MIRRORED = {
    "jeq": "jeq", "jne": "jne", "jlt": "jgt", "jge": "jle", "jgt": "jlt", "jle": "jge",
}  # fmt: skip


def thresholds(constants: Sequence[int]) -> list[int]:
    """Where intervals that grow stop: around the numbers that a program compares with."""
    around = {c + d for c in constants for d in (-1, 0, 1) if 0 <= c + d <= U64}
    return sorted(around | {(1 << 16) - 1, U32, S63 - 1, U64})
