"""What a proof takes of domain/arc.py: a word in the arguments is in the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from verifier_model.domain import arc
from verifier_model.domain.arc import Arc
from verifier_model.domain.word import U32, U64
from verifier_model.smt.proof.terms import Cond, formula, truth, unsigned

if TYPE_CHECKING:
    from verifier_model.smt.proof.execute import Contract, Executor
    from verifier_model.smt.proof.scene import Scene


def any_arc(ex: Executor, name: str, most: int) -> Arc:
    """Any arc, of bit-vectors."""
    name, width = ex.fresh(name), most.bit_length()
    base: Any = unsigned(f"{name}.base", width)
    size: Any = unsigned(f"{name}.size", width)
    return Arc(base, size)


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
            for x in words(most)
            for y in words(most)
        ]
        return fresh(ex, pairs, most)

    def low_half(ex: Executor, a: Arc) -> Arc:
        return fresh(ex, [(member(ex, a, x, U64), x & U32) for x in words(U64)], U32)

    def trim(ex: Executor, a: Arc, low: Arc) -> Arc:
        pairs = [
            (z3.And(member(ex, a, x, U64), member(ex, low, x & U32, U32)), x) for x in words(U64)
        ]
        return fresh(ex, pairs, U64)

    return {
        arc.intersect: intersect,
        arc.add: add,
        arc.low_half: low_half,
        arc.trim: trim,
    }
