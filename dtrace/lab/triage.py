"""`dtlab triage`: whether what a kernel's verifier refuses is wrong, or only too hard for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from dtrace.lab.replay import replay, replay_endless
from emu import objfile
from emu.isa.asm import AsmError, assemble
from emu.kernel.enums import ProgType
from emu.prog import Prog
from verifier_model import batch, verify
from verifier_model.explain import confirm_acceptance, judge_rejection
from verifier_model.verdict import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtrace.lab.replay import Replay
    from emu.kernel.profile import Kernel
    from verifier_model.finding import Finding
    from verifier_model.verdict import Verdict

# Words of a program that is not refused, beside those of a Finding.
ACCEPTED, UNMODELLED = "accepted", "unmodelled"
ENDLESS_RULES = ("a loop that never ends", "a run longer than the kernel follows")


class Unreadable(Exception):
    """A file holds no program."""


class Triage(NamedTuple):
    """What was found of one program."""

    word: str
    text: str  # lines


def programs(
    data: bytes, name: str, kernel: Kernel, *, btf: str = "", prog_type: ProgType = ProgType.KPROBE
) -> list[Prog]:
    """The programs of a BPF object, of a batch, or of assembler text.

    btf: a file with the kernel's types, for objects that need them.
    prog_type: of assembler text, which does not say.

    Raises Unreadable for what is none of them.
    """
    if data.startswith(objfile.MAGIC):
        try:
            return objfile.load(data, name, kernel=kernel, btf=btf or None)
        except objfile.ObjectError as err:
            raise Unreadable(str(err)) from None
    text = data.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        return list(_of_batch(text))
    try:
        return [Prog(name, prog_type, assemble(text))]
    except AsmError as err:
        raise Unreadable(str(err)) from None


def _of_batch(text: str) -> Iterator[Prog]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield batch.read(json.loads(line))
            except ValueError as err:
                raise Unreadable(f"line {number}: {err}") from None


def triage(prog: Prog, kernel: Kernel, budget_s: float, *, proves: bool = False) -> Triage:
    """Ask the model, and of a rejection what it is.  Raises SolverMissing without z3.

    proves: ask of an acceptance, too, whether it is right.
    """
    try:
        verdict = verify(prog, kernel, log_level=0)
    except Unmodelled as err:
        return Triage(UNMODELLED, f"unmodelled: the verifier model does not know {err}")
    if verdict.accepted and not proves:
        return Triage(ACCEPTED, f"accepted: {verdict.insns_processed} insns processed")
    finding, replayed = judged(prog, kernel, budget_s, verdict)
    text = finding.text(prog)
    return Triage(finding.word, f"{text}\n  replayed: {replayed.text}" if replayed else text)


def judged(
    prog: Prog, kernel: Kernel, budget_s: float, verdict: Verdict | None = None
) -> tuple[Finding, Replay | None]:
    """What a verdict is, and how the emulator ran its witness; None where there is none.

    verdict: the model's, if it is known already.

    A witness that the emulator does not follow decides nothing: the finding is undecided.
    """
    verdict = verdict or verify(prog, kernel, log_level=0)
    judge = confirm_acceptance if verdict.accepted else judge_rejection
    finding = judge(prog, kernel, verdict, budget_s)
    if finding.witness is None:
        return finding, None
    run = replay_endless if finding.rule in ENDLESS_RULES else replay
    replayed = run(verdict.loaded(prog), kernel, finding.witness)
    if replayed.word != "differs":
        return finding, replayed
    reason = f"the emulator does not follow the witness: {replayed.text}"
    return finding._replace(word="undecided", reasons=(reason,), witness=None), None


# Exit statuses, the worst first.
_STATUSES = (
    (("real", "unavailable", "escapes"), 1),
    (("undecided", UNMODELLED), 3),
)


def status(words: Sequence[str]) -> int:
    """The exit status of `dtlab triage` for what its programs are."""
    return next((code for bad, code in _STATUSES if any(w in bad for w in words)), 0)
