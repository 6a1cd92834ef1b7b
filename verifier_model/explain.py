"""judge_rejection(): whether a rejection is the program's fault or the verifier's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.finding import Finding
    from verifier_model.verdict import Verdict

BUDGET_S = 10.0


class SolverMissing(Exception):
    """z3 is not installed."""

    def __init__(self) -> None:
        super().__init__("z3 is not installed: pip install 'dtrace-bpf[proofs]'")


def judge_rejection(
    prog: Prog, kernel: Kernel, verdict: Verdict, budget_s: float = BUDGET_S
) -> Finding:
    """Say whether `prog` does what `kernel` refuses it for.

    prog, kernel: what verify() was given.
    verdict: what it answered, a rejection.
    budget_s: seconds, about; without an answer by then the finding is "undecided".

    The paths of the program are followed on symbols, with the machine's semantics.  Helpers give
    anything in their range, and the program is alone with its maps, which hold anything at first.

    Raises SolverMissing without z3, and ValueError for a verdict that is no rejection.
    """
    if verdict.accepted:
        raise ValueError("the program was accepted")
    try:
        from verifier_model.smt.judge import judge
    except ModuleNotFoundError as err:
        if err.name != "z3":
            raise
        raise SolverMissing from None
    return judge(prog, kernel, verdict, budget_s)
