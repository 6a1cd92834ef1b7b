"""Asking z3: small claims, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import z3

from verifier_model.smt.proof.terms import of_integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# For one part of a claim, in the solver's units: a few minutes, on a machine that is not busy too.
MOST_WORK = 250_000_000
# For bit-vectors; products are functions that nothing is known of.
_TACTICS = (
    *("simplify", "propagate-values", "ackermannize_bv", "solve-eqs", "elim-uncnstr"),
    *("simplify", "bit-blast", "sat"),
)


def parts(term: z3.BoolRef) -> Iterator[z3.BoolRef]:
    """What a conjunction is made of; small claims are proved faster than one large one.

    What follows from a condition and is a conjunction is taken apart too.
    """
    if z3.is_and(term):
        for child in term.children():
            yield from parts(child)
    elif z3.is_implies(term):
        given, then = term.children()
        for part in parts(then):
            yield z3.Implies(given, part)
    elif z3.is_not(term) and z3.is_or(term.arg(0)):
        for child in term.arg(0).children():
            yield from parts(z3.Not(child))
    elif not z3.is_true(term):
        yield term


def refute(
    facts: Iterable[z3.BoolRef], claim: z3.BoolRef, work: int = MOST_WORK
) -> z3.ModelRef | None:
    """A case in which the facts hold and the claim does not; None where there is none.

    work: how much the solver may do for one part of the claim, in its own units: other than time,
    they are the same on every machine.
    Raises Undecided if the solver cannot tell.
    """
    known = [part for fact in facts for part in parts(fact)]
    for part in parts(claim):
        about = _names(part)
        near = [fact for fact in known if _names(fact) <= about]
        # What speaks of nothing else is often enough, and then the proof is much shorter.
        if len(near) < len(known) and _holds(near, part, work):
            continue
        model = _counterexample(known, part, work)
        if model is not None:
            return model
    return None


def _holds(facts: list[z3.BoolRef], claim: z3.BoolRef, work: int) -> bool:
    """Whether the solver sees that the claim follows."""
    try:
        return _counterexample(facts, claim, work) is None
    except Undecided:
        return False


def _counterexample(facts: list[z3.BoolRef], claim: z3.BoolRef, work: int) -> z3.ModelRef | None:
    solver = _solver(work, [*facts, claim])
    solver.add(*facts)
    solver.add(z3.Not(claim))
    answer = solver.check()
    if answer == z3.unknown:
        raise Undecided(solver.reason_unknown())
    return solver.model() if answer == z3.sat else None


_NAMES: dict[int, tuple[z3.ExprRef, frozenset[str]]] = {}


def _names(term: z3.ExprRef) -> frozenset[str]:
    """The names of the free constants and functions in it."""
    key = term.get_id()
    if key in _NAMES:
        return _NAMES[key][1]
    found: set[str] = set()
    if term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
        found.add(term.decl().name())
    for i in range(term.num_args()):
        found |= _names(term.arg(i))
    _NAMES[key] = (term, frozenset(found))  # the term is kept, so that its id is not used again
    return _NAMES[key][1]


def possible(facts: Iterable[z3.BoolRef]) -> bool:
    """Whether the facts do not contradict each other."""
    return refute(facts, z3.BoolVal(False)) is not None


class Undecided(Exception):
    """The solver did not find an answer in its time."""


def _solver(work: int, terms: list[z3.BoolRef]) -> z3.Solver:
    integers = any(of_integers(term) for term in terms)
    solver = z3.Solver() if integers else z3.Then(*_TACTICS).solver()
    solver.set("rlimit", work)
    return solver
