"""Statements about products, quotients and remainders, in the theory of integers.

A word x is the integer from 0 to 2**64 - 1; what the machine computes is known by the equations
that define it.  Known bits of products stand in about_bits.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import z3

from verifier_model.domain import arith, bounds, circular, divide, tnum
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64
from verifier_model.reg import unknown_scalar
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.scene import fits
from verifier_model.smt.proof.terms import Cond, Whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.reg import RegState
    from verifier_model.smt.proof.scene import Scene


class Readings(NamedTuple):
    """A word as each range takes it."""

    unsigned: Whole
    signed: Whole
    unsigned32: Whole
    signed32: Whole


def _readings(s: Scene, name: str) -> Readings:
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


_ENDS = (("umin", "umax"), ("smin", "smax"), ("umin32", "umax32"), ("smin32", "smax32"))


def _ranged(s: Scene, name: str, x: Readings) -> RegState:
    """A value whose ranges have the word in them; its known bits are not looked at."""
    v = unknown_scalar()
    for (low, high), reading in zip(_ENDS, x, strict=True):
        if low.endswith("32") and not s.rules.BOUNDS_32:
            continue
        for end in (low, high):
            setattr(v, end, Whole(z3.Int(f"{name}.{end}")))
            s.assume(fits(getattr(v, end), end))
        s.assume(getattr(v, low) <= reading)
        s.assume(reading <= getattr(v, high))
    return v


def _show_ranges(s: Scene, v: RegState, x: Readings, only: int | None = None) -> None:
    for i, ((low, high), reading) in enumerate(zip(_ENDS, x, strict=True)):
        if only is None or i == only:
            s.show(reading >= getattr(v, low), f"{low} holds")
            s.show(reading <= getattr(v, high), f"{high} holds")


def _mod(s: Scene, name: str, x: Whole, y: Whole, modulus: int) -> None:
    """x and y differ by a multiple of the modulus."""
    s.assume(x == y + Whole(z3.Int(s.ex.fresh(name))) * modulus)


def _mul(reading: int) -> Callable[[Scene], None]:
    """The ranges of a product, one reading of the word at a time.

    The product's word is, as a number, x*y in that reading, up to a multiple of 2**64 or 2**32.
    What then joins bits and ranges has statements of its own.
    """
    modulus = 1 << (64 if reading < 2 else 32)

    def state(s: Scene) -> None:
        x, y, r = (_readings(s, name) for name in ("x", "y", "r"))
        d, src = _ranged(s, "d", x), _ranged(s, "s", y)
        exact = x[reading] * y[reading]
        if reading == 1:
            # of numbers that are not negative, where the signed range comes from the unsigned one
            _mod(s, "k", x[0] * y[0], r[0], modulus)
        if reading == 3:
            _mod(s, "k", x[2] * y[2], r[2], modulus)
        _mod(s, "k", exact, r[reading], modulus)
        for function in (tnum.mul, tnum.mul_halves, tnum.mul_union):
            s.ex.contracts[function] = lambda ex, a, b: tnum.UNKNOWN
        s.ex.contracts[bounds.update] = lambda ex, v, rules: None
        s.ex.contracts[circular.join_ranges] = lambda ex, v: None
        s.call(arith.mul, d, src, s.rules, False)
        if reading < 2 or s.rules.BOUNDS_32:
            _show_ranges(s, d, r, reading)

    return state


def _divided(modulo: bool, signed: bool, alu32: bool, sign: int) -> Callable[[Scene], None]:
    """By a constant: the quotient rounded towards 0, and what it leaves.

    sign: of the divisor; a proof for each.
    """
    reading = 2 * alu32 + signed
    modulus = 1 << (32 if alu32 else 64)

    def state(s: Scene) -> None:
        x, r = _readings(s, "x"), _readings(s, "r")
        d = _ranged(s, "d", x)
        by = _readings(s, "by")
        src = unknown_scalar()
        for (low, high), value in zip(_ENDS, by, strict=True):
            setattr(src, low, value)
            setattr(src, high, value)
        n, divisor, result = x[reading], by[reading], r[reading]
        s.assume((divisor > 0, divisor == 0, divisor < 0)[(1 - sign)])
        if sign == 0:
            s.assume(result == (n if modulo else 0))
        else:
            q, rest = Whole(z3.Int("q")), Whole(z3.Int("rest"))
            s.assume(n == q * divisor + rest)
            s.assume(abs(rest) < abs(divisor))
            s.assume(Cond(z3.Or(rest.term == 0, (rest.term < 0) == (n.term < 0))))
            s.assume(abs(rest) <= abs(n))
            if modulo:
                s.assume(result == rest)
            elif signed:
                s.assume(abs(q) <= abs(n))
                _mod(s, "k", q, result, modulus)
            else:
                s.assume(result == q)
        s.call(divide.divide, d, src, modulo, signed, alu32, s.rules)
        if sign == 0 and modulo:
            _show_ranges(s, d, x, reading)
            return
        _show_ranges(s, d, r, reading)
        for i in range(4):
            if i != reading and sign != 0:
                low, high = _ENDS[i]
                least = (0, S64_MIN, 0, S32_MIN)[i]
                most = (U64, S64_MAX, U32, S32_MAX)[i]
                s.show(getattr(d, low) == least, f"{low} is forgotten")
                s.show(getattr(d, high) == most, f"{high} is forgotten")

    return state


def _long_multiplication(s: Scene) -> None:
    """x*y is (x >> 1)*(y << 1) + (x & 1)*y, modulo 2**64 (about_mul.py leans on it)."""
    half, low, y, lost = (Whole(z3.Int(name)) for name in ("half", "low", "y", "lost"))
    x = half * 2 + low
    double = y * 2 - lost * (1 << 64)
    difference = x * y - (half * double + low * y)
    s.show(difference == half * lost * (1 << 64), "they differ by a multiple of 2**64")


def _mul_by_parts(s: Scene) -> None:
    """x*y is v*w + p*y + q*v where x is v + p and y is w + q (tnum.mul_halves)."""
    v, w, p, q = (Whole(z3.Int(name)) for name in ("v", "w", "p", "q"))
    x, y = v + p, w + q
    s.show(x * y == v * w + p * y + q * v, "the parts add up")


def _rows() -> list[Obligation]:
    rows = [
        Obligation("long multiplication", (), _long_multiplication),
        Obligation("product by parts", (), _mul_by_parts),
    ]
    rows += [
        Obligation(f"mul {name}", (arith.mul,), _mul(i)) for i, name in enumerate(Readings._fields)
    ]
    for modulo in (False, True):
        for signed in (False, True):
            for alu32 in (False, True):
                name = ("s" if signed else "") + ("mod" if modulo else "div")
                for sign, which in ((1, "above"), (0, "by"), (-1, "below")):
                    if sign < 0 and not signed:
                        continue
                    rows.append(
                        Obligation(
                            f"{name}{32 if alu32 else 64} {which} 0",
                            (divide.divide,),
                            _divided(modulo, signed, alu32, sign),
                            lambda rules: rules.DIV_TRACKED,
                        )
                    )
    return rows


OBLIGATIONS = tuple(_rows())
