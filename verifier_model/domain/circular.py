"""Values whose ranges are arcs (7.2): what their ranges and bits tell each other.

A Value keeps signed and unsigned ranges; an arc is recovered from them.  The one kind that leaves
no trace in either, an arc past both the greatest word and the greatest signed word, stands in
`wrap64` and `wrap32`.  Source: kernel/bpf/verifier.c of 7.2, functions as named.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from verifier_model.domain import arc, tnum
from verifier_model.domain.arc import Arc
from verifier_model.domain.word import U32, U64, sign_extend

if TYPE_CHECKING:
    from verifier_model.domain.tnum import Tnum
    from verifier_model.domain.value import Value


def arc64(v: Value) -> Arc:
    """The 64-bit arc of a value."""
    return _arc(v.umin, v.umax, v.smin, v.smax, v.wrap64, U64)


def arc32(v: Value) -> Arc:
    """The arc of a value's low half."""
    return _arc(v.umin32, v.umax32, v.smin32, v.smax32, v.wrap32, U32)


@lru_cache(maxsize=1 << 12)
def _arc(low: int, high: int, slow: int, shigh: int, wrap: Arc | None, most: int) -> Arc:
    if low > high or slow > shigh:
        return arc.empty(most)
    sign = (most >> 1) + 1
    bounded, signed = (low, high) != (0, most), (slow, shigh) != (-sign, sign - 1)
    if not bounded:
        if signed:
            return arc.from_signed(slow, shigh, most)
        return wrap or arc.full(most)
    found = arc.from_unsigned(low, high, most)
    if signed:
        size = 8 if most == U64 else 4
        if (sign_extend(low, size), sign_extend(high, size)) != (slow, shigh):
            return arc.intersect(found, arc.from_signed(slow, shigh, most), most)
    return found


def set_arc64(v: Value, a: Arc) -> None:
    """Give a value that range; an empty one has its ends swapped."""
    v.umin, v.umax, v.smin, v.smax, v.wrap64 = _ranges(a, U64)


def set_arc32(v: Value, a: Arc) -> None:
    v.umin32, v.umax32, v.smin32, v.smax32, v.wrap32 = _ranges(a, U32)


def _ranges(a: Arc, most: int) -> tuple[int, int, int, int, Arc | None]:
    """The unsigned and the signed range, and the arc itself where neither tells of it."""
    sign = (most >> 1) + 1
    if arc.is_empty(a, most):
        return most, 0, sign - 1, -sign, None
    low, high = arc.unsigned(a, most)
    slow, shigh = arc.signed(a, most)
    lost = high - low == most == shigh - slow and a != arc.full(most)
    return low, high, slow, shigh, a if lost else None


def _of_bits(t: Tnum, most: int) -> Arc:
    """cnum64_from_tnum(), cnum32_from_tnum()."""
    value, mask = t.value & most, t.mask & most
    sign = (most >> 1) + 1
    if (value | mask) & sign:
        return arc.from_signed(value | mask & sign, value | mask & (sign - 1), most)
    return arc.from_unsigned(value, value | mask, most)


def clamp(v: Value) -> None:
    """Cut the ranges by the known bits; the caller looks for a single word in them.

    Source: __update_reg32_bounds(), the beginning of __update_reg64_bounds().
    """
    set_arc32(v, arc.intersect(arc32(v), _of_bits(v.var_off, U32), U32))
    set_arc64(v, arc.intersect(arc64(v), _of_bits(v.var_off, U64), U64))


def deduce(v: Value) -> None:
    """Let the range and that of the low half cut each other, twice: __reg_deduce_bounds()."""
    whole, low = arc64(v), arc32(v)
    for _ in range(2):
        low = arc.intersect(low, arc.low_half(whole), U32)
        whole = arc.trim(whole, low)
    set_arc64(v, whole)
    set_arc32(v, low)


def add(d: Value, s: Value) -> None:
    set_arc32(d, arc.add(arc32(d), arc32(s), U32))
    set_arc64(d, arc.add(arc64(d), arc64(s), U64))


def sub(d: Value, s: Value) -> None:
    set_arc32(d, arc.add(arc32(d), arc.negate(arc32(s), U32), U32))
    set_arc64(d, arc.add(arc64(d), arc.negate(arc64(s), U64), U64))


def join_ranges(v: Value) -> None:
    """The ranges that an operation found, each for itself, as arcs."""
    set_arc64(v, _both(v.umin, v.umax, v.smin, v.smax, U64))
    set_arc32(v, _both(v.umin32, v.umax32, v.smin32, v.smax32, U32))


def _both(low: int, high: int, slow: int, shigh: int, most: int) -> Arc:
    return arc.intersect(
        arc.from_unsigned(low, high, most), arc.from_signed(slow, shigh, most), most
    )


# -- comparisons: regs_refine_cond_op() ------------------------------------------------------


def refine_equal(a: Value, b: Value, jmp32: bool) -> None:
    if jmp32:
        both = arc.intersect(arc32(a), arc32(b), U32)
        set_arc32(a, both)
        set_arc32(b, both)
        low = tnum.intersect(tnum.subreg(a.var_off), tnum.subreg(b.var_off))
        a.var_off = tnum.with_subreg(a.var_off, low)
        b.var_off = tnum.with_subreg(b.var_off, low)
        return
    both = arc.intersect(arc64(a), arc64(b), U64)
    set_arc64(a, both)
    set_arc64(b, both)
    a.var_off = b.var_off = tnum.intersect(a.var_off, b.var_off)


def refine_not_equal(a: Value, x: int, jmp32: bool) -> None:
    """All but the constant `x`."""
    if jmp32:
        set_arc32(a, arc.intersect(arc32(a), Arc((x + 1) & U32, U32 - 1), U32))
    else:
        set_arc64(a, arc.intersect(arc64(a), Arc((x + 1) & U64, U64 - 1), U64))


def refine_less(a: Value, b: Value, *, strict: bool, signed: bool, jmp32: bool) -> None:
    """a < b, or a <= b."""
    most = U32 if jmp32 else U64
    get, put = (arc32, set_arc32) if jmp32 else (arc64, set_arc64)
    ends = arc.signed if signed else arc.unsigned
    make = arc.from_signed if signed else arc.from_unsigned
    least, greatest = ends(arc.full(most), most)
    below = make(least, ends(get(b), most)[1] - strict & most, most)
    put(a, arc.intersect(get(a), below, most))
    above = make(ends(get(a), most)[0] + strict & most, greatest & most, most)
    put(b, arc.intersect(get(b), above, most))
