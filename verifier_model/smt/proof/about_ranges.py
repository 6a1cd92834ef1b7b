"""Statements about domain/bounds.py and domain/width.py: ranges, by each release's routines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verifier_model import invariants
from verifier_model.domain import bounds, tnum, width
from verifier_model.domain.word import U32, U64
from verifier_model.smt.proof.about_bits import implied
from verifier_model.smt.proof.lemmas import REFINING
from verifier_model.smt.proof.obligation import Obligation, always
from verifier_model.smt.proof.terms import Bits, negated

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.rules import Rules
    from verifier_model.smt.proof.scene import Scene


def has_halves(rules: Rules) -> bool:
    return rules.BOUNDS_32


def checks_invariants(rules: Rules) -> bool:
    return rules.INVARIANTS_CHECKED


def across(rules: Rules) -> bool:
    return rules.DEDUCE_ACROSS_WIDTHS


def _refines(function: Any, *, asks_rules: bool = True) -> Callable[[Scene], None]:
    """No word that the value stands for is lost, nor that its parts agree."""

    def state(s: Scene) -> None:
        v, x = s.value("v"), s.result(s.word("x"))
        s.assume(s.holds(v, x))
        agreed = {n: s.agrees(v, n) for n in (64, 32)}
        known = {n: s.knows_sign(v, n) for n in (64, 32)}
        s.call(function, v, *([s.rules] if asks_rules else []))
        s.show_holds(v, x, agrees=REFINING[function])
        for n in {64, 32} - set(REFINING[function]):
            s.show(implied(agreed[n], s.agrees(v, n)), f"ranges of {n} bits still agree")
        before = {bounds.bound_offset: agreed, bounds._update64: known, bounds._update32: known}
        for n, given in before.get(function, {}).items():
            if s.rules.BITWISE_SIGN_FROM_RESULT:
                break  # nothing leans on it
            s.show(implied(given, s.knows_sign(v, n)), f"the sign of {n} bits is known")

    return state


def _set_const(s: Scene) -> None:
    v, x = s.value("v"), s.word("x")
    s.call(bounds.set_const, v, x, s.rules)
    s.show_holds(v, x)


def _set_const32(s: Scene) -> None:
    """Of a value whose other half stays; its 64-bit ranges are the caller's to mend."""
    v, y = s.value_with("v")
    x = s.word("x")
    s.call(bounds.unbound64, v)
    s.call(bounds.set_const32, v, x)
    s.show_holds(v, (y & (U64 ^ U32)) | (x & U32))


def _is_impossible(s: Scene) -> None:
    v = s.value_with("v")[0]
    s.show(negated(s.call(bounds.is_impossible, v)), "a value with a word in it is possible")


def _invariants(s: Scene) -> None:
    v, x = s.value_with("v")
    s.result(x)
    s.call(invariants.check, s.env, v, "here")
    s.show_holds(v, x)


def _replace_low(s: Scene) -> None:
    v, x = s.value_with("v")
    low, high = s.word("low", 32), s.word("high", 32)
    s.assume(low <= x & U32)
    s.assume(x & U32 <= high)
    s.call(bounds._replace_low, v, low, high)
    s.show_holds(v, x)


def _zero_extend(s: Scene) -> None:
    """After a 32-bit operation only the low half's ranges and bits count."""
    v, x = s.value("v"), s.word("x")
    low = s.result(x & U32)
    halves = s.value("halves")
    s.assume(s.holds(halves, low))
    s.assume(s.agrees(halves, 32))
    for end in ("umin32", "umax32", "smin32", "smax32", "wrap32"):
        setattr(v, end, getattr(halves, end))
    bits = s.call(tnum.subreg, v.var_off)
    s.assume(s.call(bits.contains, low))
    s.call(width.zero_extend, v, s.rules)
    s.show_holds(v, low)


def _combine(function: Any) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        v, x = s.value_with("v")
        s.result(x)
        s.call(function, v, s.rules)
        s.show_holds(v, x)

    return state


def _coerce(size: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        v, x = s.value_with("v")
        low = s.result(x & ((1 << 8 * size) - 1))
        s.call(width.coerce_to_size, v, size, s.rules)
        s.show_holds(v, low)

    return state


def _coerce_sx(size: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        v, x = s.value_with("v")
        extended = s.result(Bits(Bits(x.low(8 * size), True).low(64), False))
        s.call(width.coerce_to_size_sx, v, size, s.rules)
        s.show_holds(v, extended)

    return state


_STEPS: tuple[tuple[str, Any, bool, Callable[[Rules], bool]], ...] = (
    ("update 64", bounds._update64, True, always),
    ("update 64 by members", bounds._update_by_members, True, lambda r: r.BOUNDS_BY_NEXT_MEMBER),
    ("update 32", bounds._update32, False, has_halves),
    ("bound_offset", bounds.bound_offset, True, always),
    ("deduce 64 by sign", bounds._deduce64_by_sign, False, lambda r: not across(r)),
    (
        "deduce 32 by sign",
        bounds._deduce32_by_sign,
        False,
        lambda r: not across(r) and has_halves(r),
    ),
    ("deduce 32 from 64", bounds._deduce32_from_64, False, across),
    ("deduce 32", bounds._deduce32, True, across),
    ("deduce 64", bounds._deduce64, True, across),
    ("deduce 64 from 32", bounds._deduce64_from_32, True, across),
)


def _rows() -> list[Obligation]:
    rows = [
        Obligation("set_const", (bounds.set_const,), _set_const),
        Obligation("set_const32", (bounds.set_const32,), _set_const32, has_halves),
        Obligation("is_impossible", (bounds.is_impossible,), _is_impossible),
        Obligation("invariants", (invariants.check,), _invariants, checks_invariants),
        Obligation("replace_low", (bounds._replace_low,), _replace_low, across),
        Obligation("zero_extend", (width.zero_extend,), _zero_extend, has_halves),
    ]
    rows += [
        Obligation(name, (function,), _refines(function, asks_rules=asks), applies)
        for name, function, asks, applies in _STEPS
    ]
    rows += [
        Obligation(function.__name__, (function,), _refines(function))
        for function in (
            *(bounds.update, bounds.deduce),
            *(bounds.sync, bounds.finish_alu, bounds.finish_jump),
        )
    ]
    rows += [
        Obligation(
            function.__name__,
            (function,),
            _combine(function),
            lambda rules: has_halves(rules) and not across(rules),
        )
        for function in (width.combine_64_into_32, width.combine_32_into_64)
    ]
    rows += [
        Obligation(f"coerce_to_size {size}", (width.coerce_to_size,), _coerce(size))
        for size in (1, 2, 4)
    ]
    rows += [
        Obligation(
            f"coerce_to_size_sx {size}",
            (width.coerce_to_size_sx,),
            _coerce_sx(size),
            lambda rules: rules.ISA_V4,
        )
        for size in (1, 2, 4)
    ]
    return rows


OBLIGATIONS = tuple(_rows())
