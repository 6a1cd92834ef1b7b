"""Statements about domain/word.py and domain/tnum.py: casts, and known bits of results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import z3

from verifier_model.domain import tnum, word
from verifier_model.domain.tnum import Tnum
from verifier_model.domain.word import U32, U64
from verifier_model.smt.proof.lemmas import (
    CASTS,
    TNUM_BINARY,
    byte_swap,
    next_member_claims,
)
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.terms import Bits, Cond, formula

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.smt.proof.scene import Scene


def implied(given: Any, then: Any) -> Cond:
    return Cond(z3.Implies(formula(given), formula(then)))


# -- words -------------------------------------------------------------------------------------


def _cast(function: Any, *rest: int) -> Callable[[Scene], None]:
    """The cast's body gives what the proofs take it for, for numbers of up to 66 bits."""

    def state(s: Scene) -> None:
        x = Bits(z3.BitVec("x", 66), True)
        s.show(s.call(function, x, *rest) == CASTS[function](s.ex, x, *rest), "the cast")

    return state


def _shift(name: str) -> Callable[[Scene], None]:
    """shl and sar of words by any count below their width."""

    def state(s: Scene) -> None:
        x = s.word("x")
        for width in (64, 32) if name == "sar" else (64,):
            count = Bits(z3.BitVec(f"count{width}", 6 if width == 64 else 5), False)
            by = count.low(64)
            if name == "shl":
                result, real = s.call(word.shl, x, count), x.term << by
            else:
                low = z3.Extract(width - 1, 0, x.term)
                result = s.call(word.sar, x, count, width)
                real = (
                    z3.ZeroExt(64 - width, low >> z3.Extract(width - 1, 0, by))
                    if width < 64
                    else low >> by
                )
            s.show(result == Bits(real, False), f"{name} of {width} bits")

    return state


# -- known bits --------------------------------------------------------------------------------


def show_member(s: Scene, t: Tnum, x: Any) -> None:
    s.show(s.call(t.contains, x), "the result is in the set")
    s.show(s.call(t.is_well_formed), "the result is well formed")


def binary(function: Any) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        (a, x), (b, y) = s.tnum_with("a"), s.tnum_with("b")
        show_member(s, s.call(function, a, b), TNUM_BINARY[function](x, y))

    return state


def _unary(function: Any, concrete: Callable[[Any], Any], *rest: int) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        a, x = s.tnum_with("a")
        show_member(s, s.call(function, a, *rest), concrete(x))

    return state


def _shifted(function: Any, width: int) -> Callable[[Scene], None]:
    """By any count below the width, of a tnum whose words have no more bits."""

    def state(s: Scene) -> None:
        a, x = s.tnum_with("a")
        count = Bits(z3.BitVec("count", 6 if width == 64 else 5), False)
        if width == 32:
            a, x = s.call(tnum.subreg, a), x & U32
        if function is tnum.lshift:
            show_member(s, s.call(tnum.lshift, a, count), (x << count) & U64)
        elif function is tnum.rshift:
            show_member(s, s.call(tnum.rshift, a, count), x >> count)
        else:
            show_member(s, s.call(tnum.arshift, a, count, width), s.call(word.sar, x, count, width))

    return state


def _from_range(s: Scene) -> None:
    low, high, x = s.word("low"), s.word("high"), s.word("x")
    s.assume(low <= x)
    s.assume(x <= high)
    show_member(s, s.call(tnum.from_range, low, high), x)


def _intersect(s: Scene) -> None:
    a, x = s.tnum_with("a")
    b = s.tnum("b")
    s.assume(s.call(b.contains, x))
    show_member(s, s.call(tnum.intersect, a, b), x)


def _union(s: Scene) -> None:
    (a, x), (b, y) = s.tnum_with("a"), s.tnum_with("b")
    both = s.call(tnum.union, a, b)
    show_member(s, both, x)
    show_member(s, both, y)


def _with_subreg(s: Scene) -> None:
    (a, x), (b, y) = s.tnum_with("a"), s.tnum_with("b")
    show_member(s, s.call(tnum.with_subreg, a, b), (x & word.HIGH32) | (y & U32))


def _includes(s: Scene) -> None:
    a = s.tnum("a")
    b, y = s.tnum_with("b")
    s.show(implied(s.call(tnum.includes, a, b), s.call(a.contains, y)), "what b has, a has")


def _overlap(s: Scene) -> None:
    a, x = s.tnum_with("a")
    b = s.tnum("b")
    s.show(implied(s.call(b.contains, x), s.call(tnum.overlap, a, b)), "a common word is seen")


def _is_aligned(s: Scene) -> None:
    a, x = s.tnum_with("a")
    for size in (1, 2, 4, 8):
        aligned = s.call(tnum.is_aligned, a, size)
        s.show(implied(aligned, (x & (size - 1)) == 0), f"every word is a multiple of {size}")


def _next_member(s: Scene) -> None:
    t, y = s.tnum_with("t")
    x = s.word("x")
    found = s.call(tnum.next_member, t, x)
    for i, claim in enumerate(next_member_claims(s.ex, t, x, found, y)):
        s.show(claim, f"part {i + 1}")


def _low_bytes(x: Any, size: int) -> Any:
    return x & ((1 << 8 * size) - 1)


def _rows() -> list[Obligation]:
    rows = [
        Obligation("s32", (word.s32,), _cast(word.s32)),
        Obligation("s64", (word.s64,), _cast(word.s64)),
    ]
    rows += [
        Obligation(f"sign_extend {size}", (word.sign_extend,), _cast(word.sign_extend, size))
        for size in (1, 2, 4)
    ]
    rows += [
        Obligation(name, (getattr(word, name), *CASTS), _shift(name)) for name in ("shl", "sar")
    ]
    for function in (tnum.add, tnum.sub, tnum.and_, tnum.or_, tnum.xor):
        rows.append(Obligation(f"tnum {function.__name__}", (function,), binary(function)))
    rows += [
        Obligation("tnum neg", (tnum.neg,), _unary(tnum.neg, lambda x: -x & U64)),
        Obligation("tnum from_range", (tnum.from_range,), _from_range),
        Obligation("tnum intersect", (tnum.intersect,), _intersect),
        Obligation("tnum union", (tnum.union,), _union),
        Obligation("tnum with_subreg", (tnum.with_subreg,), _with_subreg),
        Obligation("tnum subreg", (tnum.subreg,), _unary(tnum.subreg, lambda x: x & U32)),
        Obligation(
            "tnum clear_subreg",
            (tnum.clear_subreg,),
            _unary(tnum.clear_subreg, lambda x: x & word.HIGH32),
        ),
        Obligation("tnum includes", (tnum.includes,), _includes),
        Obligation("tnum overlap", (tnum.overlap,), _overlap),
        Obligation("tnum is_aligned", (tnum.is_aligned,), _is_aligned),
        Obligation("tnum next_member", (tnum.next_member,), _next_member),
    ]
    for size in (1, 2, 4):
        state = _unary(tnum.cast, partial(_low_bytes, size=size), size)
        rows.append(Obligation(f"tnum cast {size}", (tnum.cast,), state))
    for size in (2, 4, 8):
        state = _unary(tnum.bswap, partial(byte_swap, size=size), size)
        rows.append(Obligation(f"tnum bswap {size}", (tnum.bswap,), state))
    shifts: tuple[Any, ...] = (tnum.lshift, tnum.rshift, tnum.arshift)
    for function in shifts:
        for width in (64, 32):
            rows.append(
                Obligation(
                    f"tnum {function.__name__} {width}", (function,), _shifted(function, width)
                )
            )
    return rows


OBLIGATIONS = tuple(_rows())
