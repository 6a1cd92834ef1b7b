"""Statements about the known bits of products: the loops of tnum_mul(), by their invariants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from verifier_model.domain import tnum
from verifier_model.domain.tnum import Tnum
from verifier_model.domain.word import U64
from verifier_model.smt.proof.about_bits import binary, implied, show_member
from verifier_model.smt.proof.lemmas import product
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.terms import Bits, Cond, bits, formula

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.smt.proof.execute import Executor, Invariant
    from verifier_model.smt.proof.scene import Scene


def _halved(s: Scene, x: Any, y: Any) -> None:
    """x * y is (x >> 1) * (y << 1) + (x & 1) * y: about_products.py, `long multiplication`."""
    half, double = x >> 1, (y << 1) & U64
    odd = (x & 1) == 1
    low = Bits(z3.If(odd.term, bits(y).low(64), z3.BitVecVal(0, 64)), False)
    s.assume(product(x, y) == (product(half, double) + low) & U64)
    s.assume(implied(bits(x) == 0, product(x, y) == 0))


def _odd(x: Any, y: Any) -> Bits:
    """(x & 1) * y."""
    return Bits(z3.If(((x & 1) == 1).term, bits(y).low(64), z3.BitVecVal(0, 64)), False)


def _long_multiplication(s: Scene, partial: bool) -> Invariant:
    """The loop of tnum.mul (`partial`) and tnum.mul_union.

    Invariant, for words x in `a`, y in `b` and m in `acc`: m + x*y is the same in every round; of
    tnum.mul, m + x*y - a.value*b.value, as the product of the values is added in the end.
    """

    def rest(a: Tnum, b: Tnum, m: Any, x: Any, y: Any) -> Any:
        gone = product(a.value, b.value) if partial else 0
        return (m + product(x, y) - gone) & U64

    def run(ex: Executor, test: Any, body: Any, names: dict[str, Any]) -> None:
        a, b = names["a"], names["b"]
        x, y = s.words[:2]
        s.show(s.call(names["acc"].contains, 0), "before the loop")
        whole = rest(a, b, 0, x, y)
        if partial:
            s.assume(names["value"] == product(a.value, b.value))

        def any_round() -> tuple[Any, Any, Any]:
            """Somewhere in the loop: `a`, `b` and `acc` as they may be, and a member of each."""
            members = []
            for name in ("a", "b", "acc"):
                names[name], member = s.tnum_with(f"{name} later")
                members.append(member)
            x, y, m = members
            _halved(s, x, y)
            _halved(s, names["a"].value, names["b"].value)
            return x, y, m

        x, y, m = any_round()
        before = rest(names["a"], names["b"], m, x, y)
        gone = _odd(names["a"].value, names["b"].value) if partial else 0
        s.named(y - gone if not partial else (y - names["b"].value) & U64)
        here = formula(test())
        part = (_odd(x, y) - gone) & U64
        s.named(part)
        body()
        m = (m + part) & U64
        x, y = x >> 1, (y << 1) & U64
        after = rest(names["a"], names["b"], m, x, y)
        for name, member in (("a", x), ("b", y), ("acc", m)):
            s.show(
                Cond(z3.Implies(here, formula(s.call(names[name].contains, member)))),
                f"{name} after a round",
            )
            s.show(s.call(names[name].is_well_formed), f"{name} well formed after a round")
        s.show(Cond(z3.Implies(here, formula(before == after))), "a round keeps the sum")

        x, y, m = any_round()
        s.assume(Cond(z3.Not(formula(test()))))
        s.assume(rest(names["a"], names["b"], m, x, y) == whole)

    return run


def _half_loop(s: Scene) -> Invariant:
    """The loop of tnum._half_multiply_add.

    Invariant, for m in `acc`, p within `x` and q within `unknown`: m + p*q is the same in every
    round.
    """

    def run(ex: Executor, test: Any, body: Any, names: dict[str, Any]) -> None:
        m, p, q = s.words[:3]
        whole = (m + product(p, q)) & U64

        def any_round() -> tuple[Any, Any, Any]:
            names["acc"], m = s.tnum_with("acc later")
            names["x"], names["unknown"] = s.word(s.ex.fresh("x")), s.word(s.ex.fresh("unknown"))
            p, q = within(s, "p later", names["x"]), within(s, "q later", names["unknown"])
            _halved(s, p, q)
            return m, p, q

        m, p, q = any_round()
        before = (m + product(p, q)) & U64
        here = formula(test())
        part = s.named(_odd(p, q))
        body()
        m, p, q = (m + part) & U64, p >> 1, (q << 1) & U64
        s.show(
            Cond(z3.Implies(here, formula(s.call(names["acc"].contains, m)))), "acc after a round"
        )
        for member, name in ((p, "x"), (q, "unknown")):
            inside = (member & (names[name] ^ U64)) == 0
            s.show(Cond(z3.Implies(here, formula(inside))), f"{name} after a round")
        after = (m + product(p, q)) & U64
        s.show(Cond(z3.Implies(here, formula(before == after))), "a round keeps the sum")

        m, p, q = any_round()
        s.assume(Cond(z3.Not(formula(test()))))
        s.assume((m + product(p, q)) & U64 == whole)

    return run


def within(s: Scene, name: str, mask: Any) -> Bits:
    """Any word with ones only where `mask` has them."""
    x = s.word(s.ex.fresh(name))
    s.assume((x & (mask ^ U64)) == 0)
    return x


def _half_multiply_add(s: Scene) -> None:
    acc, m = s.tnum_with("acc")
    x, unknown = s.word("x"), s.word("unknown")
    p, q = within(s, "p", x), within(s, "q", unknown)
    s.words[:] = [m, p, q]
    result = s.call(tnum._half_multiply_add, acc, x, unknown)
    show_member(s, result, (m + product(p, q)) & U64)


def _mul_halves(s: Scene) -> None:
    """x*y is v*w + y*(x & a.mask) + v*(y & b.mask), where v and w are the values."""
    (a, x), (b, y) = s.tnum_with("a"), s.tnum_with("b")
    p, q = x & a.mask, y & b.mask
    parts = product(a.value, b.value) + product(y, p) + product(a.value, q)
    s.assume(product(x, y) == parts & U64)
    s.assume((a.value * b.value) & U64 == product(a.value, b.value))

    def lemma(ex: Executor, acc: Tnum, ones: Any, unknown: Any) -> Tnum:
        """What the statement of _half_multiply_add shows, for the two calls."""
        result = s.tnum("half")
        known = product(a.value, b.value)
        for m, left, right in (
            (known, y, p),
            ((known + product(y, p)) & U64, a.value, q),
        ):
            given = z3.And(
                formula(ex.call(acc.contains, m)),
                formula((left & (ones ^ U64)) == 0),
                formula((right & (unknown ^ U64)) == 0),
            )
            there = ex.call(result.contains, (m + product(left, right)) & U64)
            ex.assume(Cond(z3.Implies(given, formula(there))))
        return result

    s.ex.contracts[tnum._half_multiply_add] = lemma
    show_member(s, s.call(tnum.mul_halves, a, b), product(x, y))


def _loop_of(function: Any, partial: bool) -> Callable[[Scene], dict[Any, Invariant]]:
    return lambda s: {function: _long_multiplication(s, partial)}


def _rows() -> list[Obligation]:
    rows = []
    for name, partial in (("mul", True), ("mul_union", False)):
        function = getattr(tnum, name)
        body = getattr(function, "__wrapped__", function)
        rows.append(
            Obligation(
                f"tnum {name}",
                (function,),
                binary(function),
                loops=_loop_of(body, partial),
            )
        )
    rows.append(
        Obligation(
            "tnum _half_multiply_add",
            (tnum._half_multiply_add,),
            _half_multiply_add,
            loops=lambda s: {tnum._half_multiply_add: _half_loop(s)},
        )
    )
    rows.append(Obligation("tnum mul_halves", (tnum.mul_halves,), _mul_halves))
    return rows


OBLIGATIONS = tuple(_rows())
