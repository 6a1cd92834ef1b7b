"""Statements about arith.add and arith.sub: ranges in the theory of integers, arcs by their lemmas.

What the two do to known bits stands in about_bits.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verifier_model.domain import arith, tnum
from verifier_model.domain.word import U64
from verifier_model.smt.proof.about_arcs import circular_ranges
from verifier_model.smt.proof.lemmas import SUMS
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.readings import (
    Readings,
    differ_by_multiple,
    ranged,
    readings,
    show_ranges,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.rules import Rules
    from verifier_model.smt.proof.scene import Scene


def _ranges(function: Any, reading: int) -> Callable[[Scene], None]:
    """One reading of the word at a time: it is that of the operands, up to a multiple of 2**n."""

    def state(s: Scene) -> None:
        x, y, r = (readings(s, name) for name in ("x", "y", "r"))
        d, src = ranged(s, "d", x), ranged(s, "s", y)
        exact = SUMS[function](x[reading], y[reading])
        differ_by_multiple(s, "k", exact, r[reading], 1 << (64 if reading < 2 else 32))
        for bits in (tnum.add, tnum.sub):
            s.ex.contracts[bits] = lambda ex, a, b: tnum.UNKNOWN
        s.call(function, d, src, s.rules, False)
        show_ranges(s, d, r, reading)

    return state


def _arcs(function: Any) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        (d, x), (src, y) = s.value_with("d"), s.value_with("s")
        s.named(-y & U64)  # what is added, of a difference
        result = s.result(SUMS[function](x, y) & U64)
        s.call(function, d, src, s.rules, False)
        s.show_holds(d, result, agrees=())

    return state


def _applies(reading: int) -> Callable[[Rules], bool]:
    return lambda rules: not rules.RANGES_CIRCULAR and (reading < 2 or rules.BOUNDS_32)


def _rows() -> list[Obligation]:
    rows = []
    for function in (arith.add, arith.sub):
        name = function.__name__
        rows += [
            Obligation(f"{name} {field}", (function,), _ranges(function, i), _applies(i))
            for i, field in enumerate(Readings._fields)
        ]
        rows.append(Obligation(f"{name} of arcs", (function,), _arcs(function), circular_ranges))
    return rows


OBLIGATIONS = tuple(_rows())
