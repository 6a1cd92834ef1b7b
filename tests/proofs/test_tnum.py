"""Proofs, for all 64-bit inputs, that the functions of domain/tnum.py that run are sound."""

from __future__ import annotations

import operator

import pytest

z3 = pytest.importorskip("z3")

from verifier_model.domain import tnum  # noqa: E402
from verifier_model.domain.tnum import Tnum  # noqa: E402

pytestmark = pytest.mark.slow

BINARY_OPS = [
    (tnum.add, operator.add),
    (tnum.sub, operator.sub),
    (tnum.and_, operator.and_),
    (tnum.or_, operator.or_),
    (tnum.xor, operator.xor),
]


def members():
    """Two tnums and a member of each, and the condition that they are so."""
    a = Tnum(*z3.BitVecs("a.value a.mask", 64))
    b = Tnum(*z3.BitVecs("b.value b.mask", 64))
    x, y = z3.BitVecs("x y", 64)
    given = z3.And(a.is_well_formed(), b.is_well_formed(), a.contains(x), b.contains(y))
    return a, b, x, y, given


def prove(claim):
    solver = z3.Solver()
    solver.add(z3.Not(claim))
    assert solver.check() == z3.unsat, solver.model()


@pytest.mark.parametrize(
    ("abstract", "concrete"), BINARY_OPS, ids=[a.__name__ for a, _ in BINARY_OPS]
)
def test_result_contains_every_concrete_result(abstract, concrete):
    a, b, x, y, given = members()

    result = abstract(a, b)

    prove(z3.Implies(given, z3.And(result.contains(concrete(x, y)), result.is_well_formed())))


def test_intersection_contains_what_both_contain():
    a, b, x, _, given = members()

    result = tnum.intersect(a, b)

    prove(z3.Implies(z3.And(given, b.contains(x)), result.contains(x)))


def test_union_contains_what_either_contains():
    a, b, x, y, given = members()

    result = tnum.union(a, b)

    prove(z3.Implies(given, z3.And(result.contains(x), result.contains(y))))
