"""What a statement to be proved is written with: words, values with a member, a verifier's state.

A value stands for a set of words.  A function is sound if the set it gives has the result of the
operation for every member of its arguments' sets; a statement takes one free member of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from emu.kernel.enums import ProgType
from emu.prog import Insn, Prog
from verifier_model.domain import arc, bounds
from verifier_model.domain.arc import Arc
from verifier_model.domain.tnum import Tnum
from verifier_model.domain.word import S32_MAX, S64_MAX, U32, U64, s32, s64
from verifier_model.env import Env
from verifier_model.reg import RegState, unknown_scalar
from verifier_model.smt.proof import subset
from verifier_model.smt.proof.solver import Undecided, refute
from verifier_model.smt.proof.subset import conjunction
from verifier_model.smt.proof.terms import Bits, Cond, Maybe, formula, signed, truth, unsigned
from verifier_model.state import MAIN_CALLSITE, FuncState, VerifierState

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from verifier_model.rules import Rules
    from verifier_model.smt.proof.execute import Executor

_EASY = 3_000_000  # of the solver's units of work: a second or two
RANGES = tuple(f"{end}{half}" for half in ("", "32") for end in ("umin", "umax", "smin", "smax"))


class Asked:
    """Rules that remember which of them were asked, so that releases can be told apart by them."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.answers: dict[str, bool] = {}

    def __getattr__(self, name: str) -> bool:
        answer: bool = getattr(self.rules, name)
        self.answers[name] = answer
        return answer


class Scene:
    """One run of a statement: its terms, its assumptions and what is to be shown."""

    def __init__(self, kernel: Kernel, rules: Asked) -> None:
        self.kernel = kernel
        self.rules = rules
        self.words: list[Bits] = []  # the lemmas of known bits speak of these
        self.results: list[Any] = []  # the lemmas of functions that refine a value speak of these
        self.ex: Executor

    def assume(self, fact: Any) -> None:
        self.ex.assume(fact)

    def is_sure(self, fact: Any) -> bool:
        """Whether it is easy to see that the fact holds here."""
        try:
            return refute(self.ex.facts, self.ex.on_path(formula(truth(fact))), _EASY) is None
        except Undecided:
            return False

    def assume_if(self, given: Any, then: Any) -> None:
        """Take for granted what a lemma says; where its condition is seen to hold, simply that."""
        if self.is_sure(given):
            self.assume(then)
        else:
            self.assume(Cond(z3.Implies(formula(truth(given)), formula(truth(then)))))

    def show(self, fact: Any, what: str) -> None:
        self.ex.need(fact, what)

    def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What the function gives, run on terms."""
        return self.ex.call(function, *args, **kwargs)

    # -- words and values ------------------------------------------------------------------

    def word(self, name: str, width: int = 64) -> Bits:
        """Any number of so many bits."""
        x = unsigned(name, width)
        self.named(x)
        return x

    def _halves(self, name: str) -> Bits:
        high, low = (z3.BitVec(f"{name}.{half}", 32) for half in ("high", "low"))
        x = Bits(z3.Concat(high, low), False)
        self.named(x)
        return x

    def named(self, x: Any) -> Any:
        """A word that lemmas of known bits are to speak of."""
        self.words.append(x)
        return x

    def result(self, x: Any) -> Any:
        """A word that values are to stand for on the way, or in the end."""
        self.results.append(x)
        return x

    def tnum(self, name: str) -> Tnum:
        """Any well-formed tnum."""
        name = self.ex.fresh(name)
        t = Tnum(unsigned(f"{name}.value", 64), unsigned(f"{name}.mask", 64))
        self.assume(self.call(t.is_well_formed))
        return t

    def tnum_with(self, name: str) -> tuple[Tnum, Bits]:
        """Any tnum, and any word in it."""
        t, x = self.tnum(name), self.word(f"{name}.x")
        self.assume(self.call(t.contains, x))
        return t, x

    def value(self, name: str) -> RegState:
        """Any scalar; nothing says that its parts agree."""
        v = unknown_scalar()
        self.forget(v, name)
        return v

    def forget(self, v: RegState, name: str) -> None:
        """Let bits and ranges be any."""
        self.ex.store(v, "var_off", self.tnum(self.ex.fresh(name)))
        for width in (64, 32):
            if width == 64 or self.rules.BOUNDS_32:
                self.forget_range(v, width, name)

    def forget_range(self, v: RegState, width: int, name: str) -> None:
        """Let the range of that width be any."""
        name = self.ex.fresh(name)
        for end in RANGES:
            if end.endswith("32") == (width == 32):
                make = unsigned if end[0] == "u" else signed
                self.ex.store(v, end, make(f"{name}.{end}", width))
        if self.rules.RANGES_CIRCULAR:
            base: Any = unsigned(f"{name}.base{width}", width)
            size: Any = unsigned(f"{name}.size{width}", width)
            there = Cond(z3.Bool(f"{name}.wraps{width}"))
            self.ex.store(v, f"wrap{width}", Maybe(there, Arc(base, size)))

    def value_with(self, name: str, *, halves: bool = False) -> tuple[RegState, Bits]:
        """Any scalar, and any word it stands for; `halves`: made of two words of 32 bits.

        Of halves the solver can put one for another that is equal to it.
        """
        v, x = self.value(name), self._halves(f"{name}.x") if halves else self.word(f"{name}.x")
        self.assume(self.holds(v, x))
        for width in (64, 32):
            self.assume(self.agrees(v, width))
        return v, x

    def agrees(self, v: RegState, width: int) -> Cond:
        """That a signed range without negative numbers has told the unsigned one.

        Every instruction leaves values so, and the bitwise operations lean on it: until 6.9 they
        take a result of two such values for one that is not negative.
        """
        if width == 64:
            least, most, end = v.smin, v.umax, S64_MAX
        else:
            least, most, end = v.smin32, v.umax32, S32_MAX
        return Cond(z3.Implies(formula(truth(least >= 0)), formula(truth(most <= end))))

    def knows_sign(self, v: RegState, width: int) -> Cond:
        """That a signed range without negative numbers has told the known bits.

        The last thing an instruction does but clamp the ranges; OR and XOR lean on it until 6.9.
        """
        least = v.smin if width == 64 else v.smin32
        sign = 1 << (width - 1)
        top = (v.var_off.value | v.var_off.mask) & sign
        return Cond(z3.Implies(formula(truth(least >= 0)), formula(truth(top == 0))))

    def holds(self, v: RegState, x: Any) -> Any:
        """Whether the value stands for the word."""
        parts = [self.call(bounds.contains, v, x)]
        if self.rules.RANGES_CIRCULAR:
            parts += [self._in_arc(v, 64, x), self._in_arc(v, 32, x & U32)]
        return conjunction(parts)

    def in_range(self, v: RegState, width: int, x: Any) -> Any:
        """Whether the range of that width has the word, or its low half."""
        half, most = ("32", U32) if width == 32 else ("", U64)
        low = x & most
        least, greatest, sleast, sgreatest = (
            getattr(v, f"{end}{half}") for end in ("umin", "umax", "smin", "smax")
        )
        number = self.call(s32 if width == 32 else s64, low)
        parts = [low >= least, low <= greatest, number >= sleast, number <= sgreatest]
        return conjunction([*parts, self._in_arc(v, width, low)])

    def _in_arc(self, v: RegState, width: int, x: Any) -> Any:
        """Whether an arc that counts, as no range tells of it, has the word."""
        half, most = ("32", U32) if width == 32 else ("", U64)
        wrap: Any = v.wrap32 if width == 32 else v.wrap64
        if wrap is None:
            return True
        present = formula(truth(wrap))
        ends = [getattr(v, end + half) for end in ("umin", "umax", "smin", "smax")]
        unbounded = conjunction(
            [
                subset.equal(end, limit)
                for end, limit in zip(ends, (0, most, -(most >> 1) - 1, most >> 1), strict=True)
            ]
        )
        a = wrap.value if isinstance(wrap, Maybe) else wrap
        there = formula(truth(self.call(arc.contains, a, x, most)))
        return Cond(z3.Implies(z3.And(present, formula(unbounded)), there))

    def show_holds(
        self, v: RegState, x: Any, what: str = "the result", *, agrees: tuple[int, ...] = (64, 32)
    ) -> None:
        """To be shown: the value stands for the word, and it fits."""
        self.show(self.holds(v, x), f"{what} is in the set")
        self.show_fits(v, what, agrees=agrees)

    def show_fits(
        self, v: RegState, what: str = "the result", *, agrees: tuple[int, ...] = (64, 32)
    ) -> None:
        """To be shown: the value is well formed, and its ends are of their types."""
        self.show(self.call(v.var_off.is_well_formed), f"{what}: known bits well formed")
        for width in agrees:
            self.show(self.agrees(v, width), f"{what}: its ranges of {width} bits agree")
        for end in RANGES:
            self.show(fits(getattr(v, end), end), f"{what}: {end} fits its type")

    def const(self, x: Any) -> RegState:
        """The scalar that is one word."""
        return self.call(Env.const, self.env, x)  # type: ignore[no-any-return]

    # -- a verifier ------------------------------------------------------------------------

    def machine(self, *insns: Insn) -> tuple[Env, VerifierState]:
        """A verifier that is at the first of these instructions, and its state."""
        prog = Prog("proof", ProgType.RAW_TRACEPOINT, insns or (Insn(0x95),))
        env = Env(prog, self.kernel, 0, 1)
        env.rules = self.rules  # type: ignore[assignment]
        self.env = env
        return env, VerifierState(FuncState(MAIN_CALLSITE, 0, 0))


def fits(x: Any, end: str) -> Any:
    """Whether a number is one of the type of that end of a range."""
    width = 32 if end.endswith("32") else 64
    low, high = (
        (0, (1 << width) - 1) if end[0] == "u" else (-(1 << (width - 1)), (1 << (width - 1)) - 1)
    )
    if isinstance(x, Bits) and x.width <= width and x.signed == (end[0] == "s"):
        return True
    above, below = truth(x >= low), truth(x <= high)
    return Cond(z3.And(formula(above), formula(below)))
