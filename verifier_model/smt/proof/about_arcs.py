"""Statements about domain/arc.py and domain/circular.py: the ranges of 7.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from verifier_model.domain import arc, circular
from verifier_model.domain.arc import Arc
from verifier_model.domain.word import U32, U64
from verifier_model.smt.proof.about_bits import implied
from verifier_model.smt.proof.arc_lemmas import any_arc
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.terms import Bits, Whole, signed, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.rules import Rules
    from verifier_model.smt.proof.scene import Scene


_ENDS = (arc.from_unsigned, arc.from_signed, arc.unsigned, arc.signed)


def circular_ranges(rules: Rules) -> bool:
    return rules.RANGES_CIRCULAR


def _word(s: Scene, name: str, most: int) -> Any:
    """Any word, of the theory of integers: additions modulo a width are easy there."""
    x = Whole(z3.Int(s.ex.fresh(name)))
    s.assume(x >= 0)
    s.assume(x <= most)
    return x


def _any(s: Scene, name: str, most: int) -> Arc:
    return Arc(_word(s, f"{name}.base", most), _word(s, f"{name}.size", most))


def _with(s: Scene, name: str, most: int) -> tuple[Arc, Any]:
    """Any arc, and a word in it."""
    a, x = _any(s, name, most), _word(s, f"{name}.x", most)
    s.assume(s.call(arc.contains, a, x, most))
    return a, x


def _show(s: Scene, a: Any, x: Any, most: int) -> None:
    s.show(s.call(arc.contains, a, x, most), "the word is in the arc")
    for part in a:
        s.show(part >= 0, "not negative")
        s.show(part <= most, "of its width")


def _from(function: Any, most: int) -> Callable[[Scene], None]:
    make = unsigned if function is arc.from_unsigned else signed

    def state(s: Scene) -> None:
        width = most.bit_length()
        low, high, x = (make(name, width) for name in ("low", "high", "x"))
        s.assume(low <= x)
        s.assume(x <= high)
        # An end may be given as a word, too.
        for end in (high, high & most):
            _show(s, s.call(function, low, end, most), x & most, most)

    return state


def _ends(function: Any, most: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        a, x = any_arc(s.ex, "a", most), unsigned("x", most.bit_length())
        s.assume(s.call(arc.contains, a, x, most))
        low, high = s.call(function, a, most)
        number = x if function is arc.unsigned else Bits(x.term, True)
        s.show(low <= number, "not below the range")
        s.show(number <= high, "not above the range")

    return state


def _intersect(most: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        a, x = _with(s, "a", most)
        b = _any(s, "b", most)
        s.assume(s.call(arc.contains, b, x, most))
        _show(s, s.call(arc.intersect, a, b, most), x, most)

    return state


def _add(most: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        (a, x), (b, y) = _with(s, "a", most), _with(s, "b", most)
        _show(s, s.call(arc.add, a, b, most), (x + y) & most, most)

    return state


def _negate(most: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        a, x = _with(s, "a", most)
        _show(s, s.call(arc.negate, a, most), -x & most, most)

    return state


def _is_subset(most: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        inner, x = _with(s, "inner", most)
        outer = _any(s, "outer", most)
        inside = s.call(arc.is_subset, inner, outer, most)
        s.show(implied(inside, s.call(arc.contains, outer, x, most)), "what is inside is in both")

    return state


def _low_half(s: Scene) -> None:
    a, x = _with(s, "a", U64)
    _show(s, s.call(arc.low_half, a), x & U32, U32)


def _trim(s: Scene) -> None:
    a, x = _with(s, "a", U64)
    low = _any(s, "low", U32)
    s.assume(s.call(arc.contains, low, x & U32, U32))
    _show(s, s.call(arc.trim, a, low), x, U64)


# -- values ------------------------------------------------------------------------------------


def _arc_of(width: int) -> Callable[[Scene], None]:
    function, most = (circular.arc64, U64) if width == 64 else (circular.arc32, U32)

    def state(s: Scene) -> None:
        v, x = s.value("v"), s.word("x")
        s.assume(s.in_range(v, width, x))
        _show(s, s.call(function, v), x & most, most)

    return state


def _set_arc(width: int) -> Callable[[Scene], None]:
    function, most = (circular.set_arc64, U64) if width == 64 else (circular.set_arc32, U32)

    def state(s: Scene) -> None:
        v, x = s.value("v"), s.word("x")
        a = any_arc(s.ex, "a", most)
        s.assume(s.call(arc.contains, a, x & most, most))
        s.call(function, v, a)
        s.show(s.in_range(v, width, x), "the word is in the range")
        s.show_fits(v, agrees=(width,))

    return state


def _told_back(width: int) -> Callable[[Scene], None]:
    """A range that was set from an arc gives an arc back that has no other words."""
    get, put, most = (
        (circular.arc64, circular.set_arc64, U64)
        if width == 64
        else (circular.arc32, circular.set_arc32, U32)
    )

    def state(s: Scene) -> None:
        v, x = s.value("v"), s.word("x")
        s.call(put, v, any_arc(s.ex, "a", most))
        there = s.call(arc.contains, s.call(get, v), x & most, most)
        s.show(implied(there, s.in_range(v, width, x)), "a word of the arc is in the range")

    return state


def _join_ranges(s: Scene) -> None:
    v, x = s.value("v"), s.result(s.word("x"))
    before = {width: s.in_range(v, width, x) for width in (64, 32)}
    s.call(circular.join_ranges, v)
    for width, was in before.items():
        s.show(implied(was, s.in_range(v, width, x)), f"the word is in the range of {width} bits")
        s.show(s.agrees(v, width), f"the ranges of {width} bits agree")


def _rows() -> list[Obligation]:
    rows = []
    for width, most in ((64, U64), (32, U32)):
        for function, state in (
            (arc.from_unsigned, _from(arc.from_unsigned, most)),
            (arc.from_signed, _from(arc.from_signed, most)),
            (arc.unsigned, _ends(arc.unsigned, most)),
            (arc.signed, _ends(arc.signed, most)),
            (arc.intersect, _intersect(most)),
            (arc.add, _add(most)),
            (arc.negate, _negate(most)),
            (arc.is_subset, _is_subset(most)),
        ):
            name = f"arc {function.__name__} {width}"
            rows.append(Obligation(name, (function,), state, circular_ranges, splits=True))
        rows += [
            Obligation(
                f"arc{width}",
                (circular.arc64 if width == 64 else circular.arc32, *_ENDS),
                _arc_of(width),
                circular_ranges,
            ),
            Obligation(
                f"set_arc{width}",
                (circular.set_arc64 if width == 64 else circular.set_arc32, *_ENDS),
                _set_arc(width),
                circular_ranges,
            ),
            Obligation(
                f"arc{width} after set_arc{width}",
                (circular.arc64, circular.arc32, circular.set_arc64, circular.set_arc32, *_ENDS),
                _told_back(width),
                circular_ranges,
            ),
        ]
    rows += [
        Obligation("join_ranges", (circular.join_ranges,), _join_ranges, circular_ranges),
        Obligation("arc low_half", (arc.low_half,), _low_half, circular_ranges, splits=True),
        Obligation("arc trim", (arc.trim,), _trim, circular_ranges, splits=True),
    ]
    return rows


OBLIGATIONS = tuple(_rows())
