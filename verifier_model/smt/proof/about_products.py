"""Statements about products, quotients and remainders, in the theory of integers.

What the machine computes is known by the equations that define it.  Known bits of products stand in
about_mul.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import z3

from verifier_model.domain import arith, bounds, circular, divide, tnum
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64
from verifier_model.reg import unknown_scalar
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.readings import (
    ENDS,
    Readings,
    differ_by_multiple,
    ranged,
    readings,
    show_ranges,
)
from verifier_model.smt.proof.terms import Cond, Whole, formula

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.smt.proof.scene import Scene


def _mul(reading: int) -> Callable[[Scene], None]:
    """The ranges of a product, one reading of the word at a time.

    The product's word is, as a number, x*y in that reading, up to a multiple of 2**64 or 2**32.
    What then joins bits and ranges has statements of its own.
    """
    modulus = 1 << (64 if reading < 2 else 32)

    def state(s: Scene) -> None:
        x, y, r = (readings(s, name) for name in ("x", "y", "r"))
        d, src = ranged(s, "d", x), ranged(s, "s", y)
        exact = x[reading] * y[reading]
        if reading == 1:
            # of numbers that are not negative, where the signed range comes from the unsigned one
            differ_by_multiple(s, "k", x[0] * y[0], r[0], modulus)
        if reading == 3:
            differ_by_multiple(s, "k", x[2] * y[2], r[2], modulus)
        differ_by_multiple(s, "k", exact, r[reading], modulus)
        for function in (tnum.mul, tnum.mul_halves, tnum.mul_union):
            s.ex.contracts[function] = lambda ex, a, b: tnum.UNKNOWN
        s.ex.contracts[bounds.update] = lambda ex, v, rules: None
        s.ex.contracts[circular.join_ranges] = lambda ex, v: None
        s.call(arith.mul, d, src, s.rules, False)
        if reading < 2 or s.rules.BOUNDS_32:
            show_ranges(s, d, r, reading)

    return state


def _divided(modulo: bool, signed: bool, alu32: bool, sign: int) -> Callable[[Scene], None]:
    """By a constant: the quotient rounded towards 0, and what it leaves.

    sign: of the divisor; a proof for each.
    """
    reading = 2 * alu32 + signed
    modulus = 1 << (32 if alu32 else 64)

    def state(s: Scene) -> None:
        x, r = readings(s, "x"), readings(s, "r")
        d = ranged(s, "d", x)
        by = readings(s, "by")
        src = unknown_scalar()
        for (low, high), value in zip(ENDS, by, strict=True):
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
                differ_by_multiple(s, "k", q, result, modulus)
            else:
                s.assume(result == q)
        before = [(getattr(d, low), getattr(d, high)) for low, high in ENDS]
        s.call(divide.divide, d, src, modulo, signed, alu32, s.rules)
        if sign == 0 and modulo:
            show_ranges(s, d, x, reading)
            return
        show_ranges(s, d, r, reading)
        for i in range(4):
            if i != reading and sign != 0:
                low, high = ENDS[i]
                least = (0, S64_MIN, 0, S32_MIN)[i]
                most = (U64, S64_MAX, U32, S32_MAX)[i]
                for end, extreme, was in ((low, least, before[i][0]), (high, most, before[i][1])):
                    now = getattr(d, end)
                    own = z3.And(formula(modulo), formula(now == was), formula(result == n))
                    s.show(
                        Cond(z3.Or(formula(now == extreme), own)),
                        f"{end} is forgotten, or the word is its own remainder",
                    )

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
