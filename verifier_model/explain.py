"""Whether a verdict is right: judge_rejection() and confirm_acceptance(), with a solver."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    with _solver():
        from verifier_model.smt.judge import judge
    return judge(prog, kernel, verdict, budget_s)


def confirm_acceptance(
    prog: Prog, kernel: Kernel, verdict: Verdict, budget_s: float = BUDGET_S
) -> Finding:
    """Say whether every run of `prog` is what `kernel` believed when it took the program.

    prog, kernel, budget_s: as above.
    verdict: what verify() answered, an acceptance.

    The paths are followed as above.  Before each insn the numbers in the registers that are still
    read must be in some state that the model walked there: "confirmed", or, with an input for which
    they are not, or for which the run faults, "escapes".

    Raises SolverMissing without z3, and ValueError for a verdict that is a rejection.
    """
    if not verdict.accepted:
        raise ValueError("the program was rejected")
    with _solver():
        from verifier_model.smt.accepted import confirm
    return confirm(prog, kernel, verdict, budget_s)


@contextmanager
def _solver() -> Iterator[None]:
    """Imports that need z3."""
    try:
        yield
    except ModuleNotFoundError as err:
        if err.name != "z3":
            raise
        raise SolverMissing from None
