"""confirm(): an accepted program to a finding: does a run leave what the verifier believed?"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from emu.kernel.errno import E2BIG, EFAULT, ENOMEM
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64
from verifier_model.reg import SCALAR_VALUE
from verifier_model.smt import words
from verifier_model.smt.judge import finding
from verifier_model.smt.kfuncs import has_endless_walk
from verifier_model.smt.memory import Pointer, Unmodelled
from verifier_model.smt.paths import Explored, Machine, OutOfTime
from verifier_model.smt.results import MAX_CPUS
from verifier_model.smt.rules import FAULTS, Charge, Rule, Scope
from verifier_model.smt.words import compare
from verifier_model.verify import verify

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.domain.arc import Arc
    from verifier_model.domain.value import Facts
    from verifier_model.finding import Finding, Word
    from verifier_model.smt.semantics import Effect
    from verifier_model.smt.state import State
    from verifier_model.smt.words import Truth
    from verifier_model.state import VerifierState
    from verifier_model.verdict import Verdict

# What a state says of the scalars in its registers: (register, facts) each.
_Scalars: TypeAlias = "tuple[tuple[int, Facts], ...]"
_LIMITS = (E2BIG, EFAULT, ENOMEM)  # of a walk: insns, jumps in sequence, what is left to do
_CHARGE = Charge(Scope.PROGRAM, FAULTS | {Rule.OUTSIDE})


def confirm(prog: Prog, kernel: Kernel, verdict: Verdict, budget_s: float) -> Finding:
    """Whether every run is, at each insn, in a state that was walked there, and none faults.

    The walk takes no state for another, so that each run has states of its own path.  The rest is
    as verifier_model.explain has it.
    """
    complaint = f"accepted, {verdict.insns_processed} insns processed"
    loaded = verdict.loaded(prog)
    try:
        if has_endless_walk(prog.kfuncs):
            raise Unmodelled("the walk of every path around an iterator, which has no end,")
        explored = _explored(prog, loaded, kernel, budget_s)
    except OutOfTime:
        explored = Explored(None, 0, 0, (), ("walking every path takes longer than there is time",))
    except Unmodelled as err:
        explored = Explored(None, 0, 0, (), (f"{err} is not modelled",))
    word: Word = "confirmed"
    if explored.wrong is not None:
        word = "escapes"
    elif explored.unknown:
        word = "undecided"
    return finding(word, complaint, -1, _CHARGE.scope.value, explored)


def _explored(prog: Prog, loaded: Prog, kernel: Kernel, budget_s: float) -> Explored:
    """Every run, compared with what was believed; for faults only where a path was not walked."""
    deadline = monotonic() + budget_s
    try:
        believed = _walked(prog, kernel, deadline)
    except _RefusedPath as path:
        explored = Machine(loaded, kernel, _CHARGE, -1, deadline - monotonic()).explore()
        return explored._replace(unknown=(str(path), *explored.unknown))
    return _Confirming(loaded, kernel, deadline - monotonic(), believed).explore()


class _RefusedPath(Exception):
    """A path that the verifier took for another would be refused if it were walked."""

    def __init__(self, verdict: Verdict) -> None:
        place = f"insn {verdict.insn}: " if verdict.insn >= 0 else ""
        super().__init__(
            f"a path that was taken for another one is refused if walked: {place}{verdict.message}"
        )


def _walked(prog: Prog, kernel: Kernel, deadline: float) -> list[set[_Scalars]]:
    """What the verifier believes before each insn, one entry for each state that differs.

    Raises OutOfTime, also where there are more paths than the kernel follows, and _RefusedPath.
    """
    believed: list[set[_Scalars]] = [set() for _ in prog.insns]

    def watch(idx: int, state: VerifierState) -> None:
        if monotonic() > deadline:
            raise OutOfTime
        regs = enumerate(state.frames[-1].regs)
        believed[idx].add(tuple((n, reg.facts()) for n, reg in regs if reg.type is SCALAR_VALUE))

    again = verify(prog, kernel, log_level=0, cpus=MAX_CPUS, watch=watch, every_path=True)
    if again.errno in _LIMITS:
        raise OutOfTime
    if not again.accepted:
        raise _RefusedPath(again)
    return believed


class _Confirming(Machine):
    """Follows all paths, and compares registers with what was believed, before each insn."""

    def __init__(
        self, prog: Prog, kernel: Kernel, budget_s: float, believed: list[set[_Scalars]]
    ) -> None:
        super().__init__(prog, kernel, _CHARGE, -1, budget_s)
        self.believed = believed
        self._effects = [self._compared(pc, effect) for pc, effect in enumerate(self._effects)]

    def _compared(self, pc: int, effect: Effect) -> Effect:
        def run(m: Machine, s: State) -> int:
            states = self.believed[pc]
            inside = words.either(*(_inside(s, scalars) for scalars in states))
            self.must(s, inside, Rule.OUTSIDE, "in none of the states there, {n}", n=len(states))
            return effect(m, s)

        return run


def _inside(s: State, scalars: _Scalars) -> Truth:
    """Whether the numbers in those registers are of the values that a state has there."""
    return words.both(*(_is_in(s.regs[n], facts) for n, facts in scalars))


def _is_in(x: words.Word | Pointer | None, facts: Facts) -> Truth:
    """A pointer is a number to the verifier only where nothing is known of that."""
    if isinstance(x, Pointer) or x is None:
        return True
    (value, mask), smin, smax, umin, umax, smin32, smax32, umin32, umax32, wrap64, wrap32 = facts
    ranges = (
        *(("jsge", smin, S64_MIN, 64), ("jsle", smax, S64_MAX, 64)),
        *(("jge", umin, 0, 64), ("jle", umax, U64, 64)),
        *(("jsge", smin32, S32_MIN, 32), ("jsle", smax32, S32_MAX, 32)),
        *(("jge", umin32, 0, 32), ("jle", umax32, U32, 32)),
    )
    known = words.alu("and", x, ~mask & U64, 64) if mask != U64 else value
    return words.both(
        compare("jeq", known, value),
        *(compare(name, x, end & U64, width) for name, end, any_, width in ranges if end != any_),
        _is_on(x, wrap64, 64),
        _is_on(x, wrap32, 32),
    )


def _is_on(x: words.Word, arc: Arc | None, width: int) -> Truth:
    return arc is None or compare("jle", words.alu("sub", x, arc.base, width), arc.size, width)
