"""Words and ranges of a statement in the theory of integers, where sums and products are easy.

A word x is the integer from 0 to 2**64 - 1, and what the four ranges of a value take it for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import z3

from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64
from verifier_model.reg import unknown_scalar
from verifier_model.smt.proof.scene import fits
from verifier_model.smt.proof.terms import Cond, Whole

if TYPE_CHECKING:
    from verifier_model.reg import RegState
    from verifier_model.smt.proof.scene import Scene


class Readings(NamedTuple):
    """A word as each range takes it."""

    unsigned: Whole
    signed: Whole
    unsigned32: Whole
    signed32: Whole


def readings(s: Scene, name: str) -> Readings:
    """Any word."""
    found = Readings(*(Whole(z3.Int(f"{name}.{field}")) for field in Readings._fields))
    high = Whole(z3.Int(f"{name}.high"))
    u, v, u32, v32 = found
    for fact in (u >= 0, u <= U64, u32 >= 0, u32 <= U32, high >= 0, high <= U32):
        s.assume(fact)
    s.assume(u == u32 + high * (1 << 32))
    for wide, signed, least, most in ((u, v, S64_MIN, S64_MAX), (u32, v32, S32_MIN, S32_MAX)):
        s.assume(signed >= least)
        s.assume(signed <= most)
        size = (most + 1) * 2
        s.assume(Cond(z3.Or(signed.term == wide.term, signed.term == wide.term - size)))
    return found


ENDS = (("umin", "umax"), ("smin", "smax"), ("umin32", "umax32"), ("smin32", "smax32"))


def ranged(s: Scene, name: str, x: Readings) -> RegState:
    """A value whose ranges have the word in them; its known bits are not looked at."""
    v = unknown_scalar()
    for (low, high), reading in zip(ENDS, x, strict=True):
        if low.endswith("32") and not s.rules.BOUNDS_32:
            continue
        for end in (low, high):
            setattr(v, end, Whole(z3.Int(f"{name}.{end}")))
            s.assume(fits(getattr(v, end), end))
        s.assume(getattr(v, low) <= reading)
        s.assume(reading <= getattr(v, high))
    return v


def show_ranges(s: Scene, v: RegState, x: Readings, only: int | None = None) -> None:
    for i, ((low, high), reading) in enumerate(zip(ENDS, x, strict=True)):
        if only is None or i == only:
            s.show(reading >= getattr(v, low), f"{low} holds")
            s.show(reading <= getattr(v, high), f"{high} holds")


def differ_by_multiple(s: Scene, name: str, x: Whole, y: Whole, modulus: int) -> None:
    """x and y differ by a multiple of the modulus."""
    s.assume(x == y + Whole(z3.Int(s.ex.fresh(name))) * modulus)
