"""What a proof takes of domain/arc.py: a word in the arguments is in the result."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import z3

from verifier_model.domain import arc, circular
from verifier_model.domain.arc import Arc
from verifier_model.domain.word import U32, U64
from verifier_model.smt.proof.terms import Bits, Cond, bits, formula, truth, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.reg import RegState
    from verifier_model.smt.proof.execute import Contract, Executor
    from verifier_model.smt.proof.scene import Scene


def any_arc(ex: Executor, name: str, most: int) -> Arc:
    """Any arc, of bit-vectors."""
    name, width = ex.fresh(name), most.bit_length()
    base: Any = unsigned(f"{name}.base", width)
    size: Any = unsigned(f"{name}.size", width)
    return Arc(base, size)


def _unsigned(term: z3.BitVecRef) -> Bits:
    return Bits(term, False)


def _signed(term: z3.BitVecRef) -> Bits:
    return Bits(term, True)


def arc_lemmas(s: Scene) -> dict[Any, Contract]:
    """By function, for the scene's words and results."""

    def words(most: int) -> list[Any]:
        return [x & most for x in (*s.results, *s.words)]

    def fresh(ex: Executor, pairs: list[tuple[z3.BoolRef, Any]], most: int) -> Arc:
        found = any_arc(ex, "arc", most)
        for given, x in pairs:
            there = formula(truth(ex.call(arc.contains, found, x, most)))
            ex.assume(Cond(z3.Implies(given, there)))
        return found

    def member(ex: Executor, a: Arc, x: Any, most: int) -> z3.BoolRef:
        return formula(truth(ex.call(arc.contains, a, x, most)))

    def intersect(ex: Executor, a: Arc, b: Arc, most: int) -> Arc:
        pairs = [(z3.And(member(ex, a, x, most), member(ex, b, x, most)), x) for x in words(most)]
        return fresh(ex, pairs, most)

    def add(ex: Executor, a: Arc, b: Arc, most: int) -> Arc:
        pairs = [
            (z3.And(member(ex, a, x, most), member(ex, b, y, most)), (x + y) & most)
            for x, y in permutations((z & most for z in s.words), 2)
        ]
        return fresh(ex, pairs, most)

    def negate(ex: Executor, a: Arc, most: int) -> Arc:
        return fresh(ex, [(member(ex, a, x, most), -x & most) for x in words(most)], most)

    def is_subset(ex: Executor, inner: Arc, outer: Arc, most: int) -> Cond:
        found = z3.Bool(ex.fresh("subset"))
        for x in words(most):
            given = z3.And(found, member(ex, inner, x, most))
            ex.assume(Cond(z3.Implies(given, member(ex, outer, x, most))))
        return Cond(found)

    def low_half(ex: Executor, a: Arc) -> Arc:
        return fresh(ex, [(member(ex, a, x, U64), x & U32) for x in words(U64)], U32)

    def trim(ex: Executor, a: Arc, low: Arc) -> Arc:
        pairs = [
            (z3.And(member(ex, a, x, U64), member(ex, low, x & U32, U32)), x) for x in words(U64)
        ]
        return fresh(ex, pairs, U64)

    def from_ends(read: Callable[[Any], Any]) -> Contract:
        def run(ex: Executor, low: Any, high: Any, most: int) -> Arc:
            least, greatest = (read(bits(end).low(most.bit_length())) for end in (low, high))
            pairs = []
            for x in words(most):
                number = read(bits(x).low(most.bit_length()))
                pairs.append((z3.And(formula(least <= number), formula(number <= greatest)), x))
            return fresh(ex, pairs, most)

        return run

    def ends_of(read: Callable[[Any], Any], function: Any) -> Contract:
        def run(ex: Executor, a: Any, most: int) -> tuple[Any, Any]:
            if isinstance(a.base, int):
                return function(a, most)  # type: ignore[no-any-return]
            width = most.bit_length()
            low, high = (read(z3.BitVec(ex.fresh(end), width)) for end in ("low", "high"))
            for x in words(most):
                number = read(bits(x).low(width))
                within = z3.And(formula(low <= number), formula(number <= high))
                ex.assume(Cond(z3.Implies(member(ex, a, x, most), within)))
            return low, high

        return run

    def arc_of(width: int, most: int) -> Contract:
        def run(ex: Executor, v: RegState) -> Arc:
            pairs = [
                (formula(truth(s.in_range(v, width, x))), x & most) for x in (*s.results, *s.words)
            ]
            return fresh(ex, pairs, most)

        return run

    def set_arc(width: int, most: int) -> Contract:
        def run(ex: Executor, v: RegState, a: Arc) -> None:
            s.forget_range(v, width, "arc")
            ex.assume(s.agrees(v, width))
            for x in (*s.results, *s.words):
                there = formula(truth(s.in_range(v, width, x)))
                ex.assume(Cond(z3.Implies(member(ex, a, x & most, most), there)))

        return run

    def join_ranges(ex: Executor, v: RegState) -> None:
        for width in (64, 32):
            before = [s.in_range(v, width, x) for x in s.results]
            s.forget_range(v, width, "joined")
            ex.assume(s.agrees(v, width))
            for was, x in zip(before, s.results, strict=True):
                s.assume_if(was, s.in_range(v, width, x))

    return {
        circular.join_ranges: join_ranges,
        circular.arc64: arc_of(64, U64),
        circular.arc32: arc_of(32, U32),
        circular.set_arc64: set_arc(64, U64),
        circular.set_arc32: set_arc(32, U32),
        arc.from_unsigned: from_ends(_unsigned),
        arc.from_signed: from_ends(_signed),
        arc.unsigned: ends_of(_unsigned, arc.unsigned),
        arc.signed: ends_of(_signed, arc.signed),
        arc.intersect: intersect,
        arc.add: add,
        arc.negate: negate,
        arc.is_subset: is_subset,
        arc.low_half: low_half,
        arc.trim: trim,
    }
