"""Tracked numbers: which bits of a 64-bit word are known (kernel/bpf/tnum.c).

The bodies of `add` to `union` use only operators that mean the same on an int masked to 64 bits
and on a 64-bit term of a solver: what runs is what is proved.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from verifier_model.domain.word import HIGH32, U16, U32, U64, sar, shl

if TYPE_CHECKING:
    from verifier_model.domain.word import Word


class Tnum(NamedTuple):
    """A set of words: those that agree with `value` wherever `mask` is 0.

    Well formed when `value` is 0 wherever `mask` is 1.
    """

    value: Word
    mask: Word

    def contains(self, x: Word) -> Any:
        """Whether `x` is in the set."""
        return (x & (self.mask ^ U64)) == self.value

    def is_well_formed(self) -> Any:
        return (self.value & self.mask) == 0

    def __str__(self) -> str:
        return f"({self.value:#x}; {self.mask:#x})"


UNKNOWN = Tnum(0, U64)
ZERO = Tnum(0, 0)


def const(x: int) -> Tnum:
    """The set of one word."""
    return Tnum(x, 0)


def from_range(low: int, high: int) -> Tnum:
    """The smallest tnum with all of [low, high] in it: tnum_range().

    Ends that differ in the top bit give UNKNOWN, as in the kernel, also where low > high.
    """
    bits = (low ^ high).bit_length()
    if bits > 63:
        return UNKNOWN
    delta = (1 << bits) - 1
    return Tnum(low & ~delta, delta)


def add(a: Tnum, b: Tnum) -> Tnum:
    sm = (a.mask + b.mask) & U64
    sv = (a.value + b.value) & U64
    sigma = (sm + sv) & U64
    chi = sigma ^ sv
    mu = chi | a.mask | b.mask
    return Tnum(sv & (mu ^ U64), mu)


def sub(a: Tnum, b: Tnum) -> Tnum:
    dv = (a.value - b.value) & U64
    alpha = (dv + a.mask) & U64
    beta = (dv - b.mask) & U64
    chi = alpha ^ beta
    mu = chi | a.mask | b.mask
    return Tnum(dv & (mu ^ U64), mu)


def neg(a: Tnum) -> Tnum:
    return sub(ZERO, a)


def and_(a: Tnum, b: Tnum) -> Tnum:
    alpha = a.value | a.mask
    beta = b.value | b.mask
    v = a.value & b.value
    return Tnum(v, alpha & beta & (v ^ U64))


def or_(a: Tnum, b: Tnum) -> Tnum:
    v = a.value | b.value
    mu = a.mask | b.mask
    return Tnum(v, mu & (v ^ U64))


def xor(a: Tnum, b: Tnum) -> Tnum:
    v = a.value ^ b.value
    mu = a.mask | b.mask
    return Tnum(v & (mu ^ U64), mu)


def intersect(a: Tnum, b: Tnum) -> Tnum:
    """The words in both, if the two agree where both know; else some tnum, as in the kernel."""
    v = a.value | b.value
    mu = a.mask & b.mask
    return Tnum(v & (mu ^ U64), mu)


def union(a: Tnum, b: Tnum) -> Tnum:
    """The smallest tnum with the words of both."""
    mu = (a.value ^ b.value) | a.mask | b.mask
    return Tnum(a.value & b.value & (mu ^ U64), mu)


def lshift(a: Tnum, count: int) -> Tnum:
    return Tnum(shl(a.value, count), shl(a.mask, count))


def rshift(a: Tnum, count: int) -> Tnum:
    return Tnum(a.value >> count, a.mask >> count)


def arshift(a: Tnum, count: int, bits: int) -> Tnum:
    """Shifted right with the sign of the low `bits` (32 or 64)."""
    return Tnum(sar(a.value, count, bits), sar(a.mask, count, bits))


@lru_cache(maxsize=1 << 10)
def mul(a: Tnum, b: Tnum) -> Tnum:
    """Products, bit by bit of `a`, known and unknown parts apart: tnum_mul() of 5.14 to 6.17."""
    value = (a.value * b.value) & U64
    acc = ZERO
    while a.value or a.mask:
        if a.value & 1:
            acc = add(acc, Tnum(0, b.mask))
        elif a.mask & 1:
            acc = add(acc, Tnum(0, b.value | b.mask))
        a, b = rshift(a, 1), lshift(b, 1)
    return add(const(value), acc)


@lru_cache(maxsize=1 << 10)
def mul_halves(a: Tnum, b: Tnum) -> Tnum:
    """Products by half-multiply-and-add of the unknown parts: tnum_mul() up to 5.13."""
    value = (a.value * b.value) & U64
    acc = _half_multiply_add(const(value), b.mask | b.value, a.mask)
    return _half_multiply_add(acc, a.value, b.mask)


def _half_multiply_add(acc: Tnum, x: int, unknown: int) -> Tnum:
    while x:
        if x & 1:
            acc = add(acc, Tnum(0, unknown))
        x >>= 1
        unknown = (unknown << 1) & U64
    return acc


@lru_cache(maxsize=1 << 10)
def mul_union(a: Tnum, b: Tnum) -> Tnum:
    """Products as long multiplication, an unknown bit joining both cases: tnum_mul() since 6.18."""
    acc = ZERO
    while a.value or a.mask:
        if a.value & 1:
            acc = add(acc, b)
        elif a.mask & 1:
            acc = union(acc, add(acc, b))
        a, b = rshift(a, 1), lshift(b, 1)
    return acc


def cast(a: Tnum, size: int) -> Tnum:
    """The low `size` bytes."""
    keep = (1 << (8 * size)) - 1
    return Tnum(a.value & keep, a.mask & keep)


def subreg(a: Tnum) -> Tnum:
    return Tnum(a.value & U32, a.mask & U32)


def clear_subreg(a: Tnum) -> Tnum:
    return Tnum(a.value & HIGH32, a.mask & HIGH32)


def with_subreg(a: Tnum, low: Tnum) -> Tnum:
    """`a` with its low half replaced by that of `low`."""
    return Tnum((a.value & HIGH32) | (low.value & U32), (a.mask & HIGH32) | (low.mask & U32))


def includes(a: Tnum, b: Tnum) -> bool:
    """Whether every word of `b` is in `a`: tnum_in()."""
    return bool(not b.mask & ~a.mask and a.value == b.value & ~a.mask)


def overlap(a: Tnum, b: Tnum) -> bool:
    """Whether some word is in both."""
    known = ~a.mask & ~b.mask
    return bool((a.value & known) == (b.value & known))


def is_aligned(a: Tnum, size: int) -> bool:
    return not (a.value | a.mask) & (size - 1)


def next_member(a: Tnum, x: int) -> Word:
    """The smallest member above `x`, or the largest member where none is: tnum_step()."""
    largest = a.value | a.mask
    if x >= largest:
        return largest
    if x < a.value:
        return a.value
    wrong = (x ^ a.value) & ~a.mask & U64
    below = (1 << wrong.bit_length()) - 1
    high = x & a.mask & ~below  # x's own choice of the bits above the highest it has wrong
    if wrong & a.value & ~(below >> 1):
        return a.value | high
    # x is a member, or has a 1 where members have 0: count on from the bits above.
    return a.value | (((high | ~a.mask | below) + 1) & a.mask)


def bswap(a: Tnum, size: int) -> Tnum:
    """The low `size` bytes in reverse order."""
    return Tnum(_reverse(a.value, size), _reverse(a.mask, size))


def _reverse(x: int, size: int) -> int:
    return int.from_bytes((x & ((1 << (8 * size)) - 1)).to_bytes(size, "little"), "big")


def shown(a: Tnum) -> str:
    """As complaints print it: a constant as one number, in hexadecimal if it is large."""
    if a.mask:
        return str(a)
    return str(a.value) if a.value <= U16 else f"{a.value:#x}"
