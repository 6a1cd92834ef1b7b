"""What a proof takes of functions that have proofs of their own, instead of their bodies.

A lemma says of a function what its own statement shows, for the words that the proof at hand talks
about.  No function calls itself, so no proof leans on itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from verifier_model import invariants
from verifier_model.domain import arith, bounds, tnum, word
from verifier_model.domain.tnum import Tnum
from verifier_model.domain.word import U64
from verifier_model.precise import mark_chain_precision, mark_slots_precision
from verifier_model.smt.proof.arc_lemmas import arc_lemmas
from verifier_model.smt.proof.terms import Bits, Cond, bits, formula, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.reg import RegState
    from verifier_model.smt.proof.execute import Contract, Executor
    from verifier_model.smt.proof.scene import Scene

# Known bits of a result, from the known bits of two operands.
TNUM_BINARY: dict[Any, Callable[[Any, Any], Any]] = {
    tnum.add: lambda x, y: (x + y) & U64,
    tnum.sub: lambda x, y: (x - y) & U64,
    tnum.and_: lambda x, y: x & y,
    tnum.or_: lambda x, y: x | y,
    tnum.xor: lambda x, y: x ^ y,
    tnum.mul: lambda x, y: product(x, y),
    tnum.mul_halves: lambda x, y: product(x, y),
    tnum.mul_union: lambda x, y: product(x, y),
}

# Operations on values that two operands have: what their results stand for.
SUMS: dict[Any, Callable[[Any, Any], Any]] = {
    arith.add: lambda x, y: x + y,
    arith.sub: lambda x, y: x - y,
}

# Operations on bits alone are run as they are: their callers know more of them than any lemma says.
_HARD = (tnum.add, tnum.sub, tnum.mul, tnum.mul_halves, tnum.mul_union)

# Functions that let a value's parts learn of each other: no word that it stands for is lost, nor
# that its parts agree (Scene.agrees); and the widths of which they see to it that they do.
REFINING: dict[Any, tuple[int, ...]] = {
    bounds.update: (),
    bounds._update64: (),
    bounds._update_by_members: (),
    bounds._update32: (),
    bounds._deduce64_by_sign: (64,),
    bounds._deduce32_by_sign: (32,),
    bounds._deduce32_from_64: (),
    bounds._deduce32: (32,),
    bounds._deduce64: (64,),
    bounds._deduce64_from_32: (),
    bounds.deduce: (64, 32),
    bounds.bound_offset: (),
    bounds.sync: (64, 32),
    bounds.finish_alu: (64, 32),
    bounds.finish_jump: (64, 32),
}
_WORD = z3.BitVecSort(64)
_PRODUCT = z3.Function("product", _WORD, _WORD, _WORD)


def product(x: Any, y: Any) -> Bits:
    """The low 64 bits of a product: a function of which a proof knows what it is told.

    Circuits that multiply are out of a solver's reach; what is needed of products are identities of
    the ring of words, which about_products.py proves of all integers.
    """
    return Bits(_PRODUCT(bits(x).low(64), bits(y).low(64)), False)


def byte_swap(x: Bits, size: int) -> Bits:
    """The low `size` bytes in reverse order."""
    parts = [z3.Extract(8 * i + 7, 8 * i, x.low(64)) for i in range(size)]
    return Bits(z3.Concat(*parts), False)


def _cast(width: int) -> Contract:
    """The low bits of a number, as a signed one."""

    def run(ex: Executor, x: Any) -> Any:
        return _signed(x, width)

    return run


def _sign_extend(ex: Executor, x: Any, size: int) -> Any:
    return _signed(x, 8 * size)


def _signed(x: Any, width: int) -> Any:
    return word.sign_extend(x, width // 8) if isinstance(x, int) else Bits(x.low(width), True)


# Casts, on terms; conversions have proofs that compare them with their bodies.
CASTS: dict[Any, Contract] = {
    word.s32: _cast(32),
    word.s64: _cast(64),
    word.sign_extend: _sign_extend,
}


def lemmas(scene: Scene, proves: tuple[Any, ...]) -> dict[Any, Contract]:
    """By function; those that the statement is about are left out."""
    found: dict[Any, Contract] = dict(CASTS)
    found[tnum._reverse] = lambda ex, x, size: byte_swap(bits(x), size)
    found |= {f: _binary(scene, TNUM_BINARY[f]) for f in _HARD}
    found |= {f: _sum(scene, exact) for f, exact in SUMS.items()}
    found |= {f: _refining(scene, widths) for f, widths in REFINING.items()}
    checked = _refining(scene, ())
    found[invariants.check] = lambda ex, env, reg, where: checked(ex, reg)
    found[tnum.next_member] = _next_member(scene)
    found[bounds.is_impossible] = _is_impossible(scene)
    found |= arc_lemmas(scene)
    # Precision is a mark on a register: it tells states apart, and changes no value.
    found[mark_chain_precision] = lambda ex, env, state, regno: None
    found[mark_slots_precision] = lambda ex, env, state, frameno, slots: None
    return {f: contract for f, contract in found.items() if f not in proves}


def _refining(scene: Scene, agreeing: tuple[int, ...]) -> Contract:
    def run(ex: Executor, v: RegState, rules: object = None) -> None:
        before = [scene.holds(v, x) for x in scene.results]
        agreed = {width: formula(scene.agrees(v, width)) for width in (64, 32)}
        scene.forget(v, "refined")
        for width, was in agreed.items():
            agrees = formula(scene.agrees(v, width))
            ex.assume(Cond(agrees if width in agreeing else z3.Implies(was, agrees)))
        for was, x in zip(before, scene.results, strict=True):
            scene.assume_if(was, scene.holds(v, x))

    return run


def _is_impossible(scene: Scene) -> Contract:
    """No value with a word in it is impossible; one without may be called either."""

    def run(ex: Executor, v: RegState) -> Cond:
        found = z3.Bool(ex.fresh("impossible"))
        for x in scene.results:
            ex.assume(Cond(z3.Implies(formula(scene.holds(v, x)), z3.Not(found))))
        return Cond(found)

    return run


def _binary(scene: Scene, concrete: Callable[[Any, Any], Any]) -> Contract:
    def run(ex: Executor, a: Tnum, b: Tnum) -> Tnum:
        result = scene.tnum("tnum")
        for x in _words(scene, a):
            for y in _words(scene, b):
                both = z3.And(formula(ex.call(a.contains, x)), formula(ex.call(b.contains, y)))
                there = formula(ex.call(result.contains, concrete(x, y)))
                ex.assume(Cond(z3.Implies(both, there)))
        return result

    return run


def _sum(scene: Scene, exact: Callable[[Any, Any], Any]) -> Contract:
    """The result has the sum, or difference, of words that the operands are seen to stand for."""

    def run(ex: Executor, d: RegState, other: RegState, rules: object, alu32: bool) -> None:
        words = {
            v: [x for x in scene.words if scene.is_sure(scene.holds(v, x))] for v in (d, other)
        }
        scene.forget(d, "sum")
        for x in words[d]:
            for y in words[other]:
                ex.assume(scene.holds(d, exact(x, y) & U64))

    return run


def _words(scene: Scene, a: Tnum) -> list[Any]:
    """The members to speak of: of a constant itself."""
    return [a.value] if isinstance(a.mask, int) and not a.mask else scene.words


def _next_member(scene: Scene) -> Contract:
    """It is a member, above `x` if one is, and no member is between."""

    def run(ex: Executor, t: Tnum, x: Any) -> Bits:
        found = unsigned(ex.fresh("member"), 64)
        for y in scene.words:
            for claim in next_member_claims(ex, t, x, found, y):
                ex.assume(claim)
        return found

    return run


def next_member_claims(ex: Executor, t: Tnum, x: Any, found: Any, y: Any) -> list[Cond]:
    """What next_member() promises of its result and any word `y`."""
    largest = t.value | t.mask
    member = formula(ex.call(t.contains, y))
    return [
        ex.call(t.contains, found),
        Cond(z3.Or(formula(found > x), formula(bits(found) == largest))),
        Cond(z3.Implies(z3.And(member, formula(bits(y) > x)), formula(bits(y) >= found))),
    ]
