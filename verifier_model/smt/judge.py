"""judge(): a rejection to a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.finding import Finding
from verifier_model.smt.memory import Unmodelled
from verifier_model.smt.paths import Explored, Machine
from verifier_model.smt.rules import Scope, charge
from verifier_model.smt.witness import detail, witness

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.finding import Word
    from verifier_model.verdict import Verdict


def judge(prog: Prog, kernel: Kernel, verdict: Verdict, budget_s: float) -> Finding:
    """What `verdict`, a rejection, is.  The rest is as verifier_model.explain has it."""
    message, insn = verdict.complaint, verdict.insn
    charged = charge(verdict.message)
    if charged is None:
        reasons = ("no rule is known behind this complaint",)
        return finding("undecided", message, insn, "nothing", Explored(None, 0, 0, (), reasons))
    if charged.scope is Scope.NOTHING:
        explored = Explored(None, 0, 0, (), ())
        return finding("unavailable", message, insn, charged.scope.value, explored)
    if charged.scope is Scope.PROGRAM:
        insn = -1
    try:
        explored = Machine(prog, kernel, charged, insn, budget_s).explore()
    except Unmodelled as err:
        explored = Explored(None, 0, 0, (), (f"{err} is not modelled",))
    word: Word = "limit"
    if explored.wrong is not None:
        word = "real"
    elif explored.unknown:
        word = "undecided"
    elif charged.scope is Scope.PROGRAM and explored.bounds:
        # Whether the program ends is the question, so a bound is no answer.
        explored = explored._replace(unknown=tuple(f"no more than {b}" for b in explored.bounds))
        word = "undecided"
    return finding(word, message, insn, charged.scope.value, explored)


def finding(word: Word, complaint: str, insn: int, scope: str, explored: Explored) -> Finding:
    """What is to be said of what following the paths has come to."""
    wrong = explored.wrong
    complete = word in ("limit", "confirmed") and not explored.bounds
    if complete:
        scope = f"{scope}; complete: all paths explored"
    elif explored.bounds:
        scope = f"{scope}; bounded: {', '.join(explored.bounds)}"
    return Finding(
        word,
        complaint,
        insn,
        wrong.rule.value if wrong else "",
        detail(wrong) if wrong else "",
        scope,
        complete,
        explored.paths,
        explored.insns,
        explored.unknown if wrong is None else (),
        witness(wrong) if wrong else None,
    )
