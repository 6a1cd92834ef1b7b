"""Arcs: ranges on the circle of all words of one width, as 7.2 keeps them.

An arc begins at `base` and goes on for `size` more words, past the greatest one to 0 if need be; so
it is a signed range and an unsigned one at once.  Functions take the greatest word of the width,
U32 or U64.  Source: kernel/bpf/cnum_defs.h, cnum.c (7.2).
"""

from __future__ import annotations

from typing import NamedTuple

from verifier_model.domain.word import U32, U64


class Arc(NamedTuple):
    """The words base, base + 1 ... base + size, modulo 2**n: struct cnum64 and cnum32."""

    base: int
    size: int


FULL64, FULL32 = Arc(0, U64), Arc(0, U32)


def full(most: int) -> Arc:
    return Arc(0, most)


def empty(most: int) -> Arc:
    """No word at all has a representation of its own."""
    return Arc(most, most)


def is_empty(a: Arc, most: int) -> bool:
    return a.base == most and a.size == most


def from_unsigned(low: int, high: int, most: int) -> Arc:
    return Arc(low, (high - low) & most)


def from_signed(low: int, high: int, most: int) -> Arc:
    size = (high - low) & most
    return Arc(0 if size == most else low & most, size)


def contains(a: Arc, x: int, most: int) -> bool:
    return not is_empty(a, most) and (x - a.base) & most <= a.size


def unsigned(a: Arc, most: int) -> tuple[int, int]:
    """The unsigned range of an arc; all words, if it goes past the greatest."""
    end = a.base + a.size
    return (0, most) if end > most else (a.base, end)


def signed(a: Arc, most: int) -> tuple[int, int]:
    """The signed range; all words, if the arc goes from the greatest signed one to the least."""
    sign = (most >> 1) + 1
    if contains(a, sign - 1, most) and contains(a, sign, most):
        return -sign, sign - 1
    first, last = (a.base & most ^ sign) - sign, (a.base + a.size & most ^ sign) - sign
    return min(first, last), max(first, last)


def intersect(a: Arc, b: Arc, most: int) -> Arc:
    """The words in both; where these are two arcs, the smaller of `a` and `b`."""
    if is_empty(a, most) or is_empty(b, most):
        return empty(most)
    if a.base > b.base:
        a, b = b, a
    ahead = b.base - a.base  # `b` as seen from the beginning of `a`
    if ahead + b.size > most:
        if ahead <= a.size:
            return a if a.size <= b.size else b
        return Arc(a.base, min(a.size, (ahead + b.size) & most))
    if a.size >= ahead:
        return Arc(b.base, min(a.size - ahead, b.size))
    return empty(most)


def add(a: Arc, b: Arc, most: int) -> Arc:
    if is_empty(a, most) or is_empty(b, most):
        return empty(most)
    if a.size + b.size > most:
        return full(most)
    return _normal(Arc((a.base + b.base) & most, a.size + b.size), most)


def negate(a: Arc, most: int) -> Arc:
    if is_empty(a, most):
        return a
    return _normal(Arc(-(a.base + a.size) & most, a.size), most)


def _normal(a: Arc, most: int) -> Arc:
    """The whole circle begins at 0, but where it begins at the greatest signed word."""
    return full(most) if a.size == most and a.base != most >> 1 else a


def is_subset(inner: Arc, outer: Arc, most: int) -> bool:
    if is_empty(inner, most):
        return True
    if is_empty(outer, most):
        return False
    ahead = (inner.base - outer.base) & most
    if ahead + inner.size > most and outer.size < most:
        return False
    return (ahead + inner.size) & most <= outer.size


def low_half(a: Arc) -> Arc:
    """The low halves of the words of a 64-bit arc: cnum32_from_cnum64()."""
    if is_empty(a, U64):
        return empty(U32)
    return FULL32 if a.size >= U32 else Arc(a.base & U32, a.size)


def trim(a: Arc, low: Arc) -> Arc:
    """A 64-bit arc, its ends moved to words whose low halves are in `low`.

    Source: cnum64_cnum32_intersect().
    """
    if is_empty(a, U64) or is_empty(low, U32):
        return empty(U64)
    first = (low.base - a.base) & U32  # `low` as seen from the beginning of `a`
    last = first + low.size
    rest = a.size & U32
    if last > U32:
        # `low` comes round to the beginning: only the end can be moved.
        last &= U32
        return Arc(a.base, a.size - (rest - last)) if last < rest < first else a
    if a.size < first:
        return empty(U64)
    base, size = (a.base + first) & U64, a.size - first
    beyond = 0
    if rest < first:
        beyond = rest + (1 << 32) - last
    elif rest >= last:
        beyond = rest - last
    return Arc(base, size - beyond) if size >= beyond else empty(U64)
