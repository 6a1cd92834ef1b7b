"""`dtlab triage`: whether what a kernel's verifier refuses is wrong, or only too hard for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from dtrace.lab.replay import replay, replay_endless
from emu import batch, objfile
from emu.isa.asm import AsmError, assemble
from emu.kernel.enums import ProgType
from emu.prog import Prog
from verifier_model import verify
from verifier_model.explain import judge_rejection
from verifier_model.verdict import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtrace.lab.replay import Replay
    from emu.kernel.profile import Kernel
    from verifier_model.finding import Finding

# Words of a program that is not refused, beside those of a Finding.
ACCEPTED, UNMODELLED = "accepted", "unmodelled"
ENDLESS_RULES = ("a loop that never ends", "a run longer than the kernel follows")


class Unreadable(Exception):
    """A file holds no program."""


class Triage(NamedTuple):
    """What was found of one program."""

    word: str
    text: str  # lines


def programs(data: bytes, name: str, prog_type: ProgType) -> list[Prog]:
    """The programs of a BPF object, of a batch, or of assembler text.

    prog_type: of assembler text, which does not say.

    Raises Unreadable for what is none of them.
    """
    if data.startswith(objfile.MAGIC):
        try:
            return objfile.load(data)
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
                yield batch.read(json.loads(line)).prog
            except ValueError as err:
                raise Unreadable(f"line {number}: {err}") from None


def triage(prog: Prog, kernel: Kernel, budget_s: float) -> Triage:
    """Ask the model, and of a rejection what it is.  Raises SolverMissing without z3."""
    try:
        verdict = verify(prog, kernel, log_level=0)
    except Unmodelled as err:
        return Triage(UNMODELLED, f"the model does not know: {err}")
    if verdict.accepted:
        return Triage(ACCEPTED, f"{verdict.insns_processed} insns processed")
    finding = judge_rejection(prog, kernel, verdict, budget_s)
    replayed = _replay(prog, kernel, finding)
    if replayed is None:
        return Triage(finding.word, finding.text(prog))
    if replayed.word == "differs":
        reason = f"the witness could not be replayed: {replayed.text}"
        finding = finding._replace(word="undecided", reasons=(reason,))
        return Triage(finding.word, finding.text(prog))
    return Triage(finding.word, f"{finding.text(prog)}\n  replayed: {replayed.text}")


def _replay(prog: Prog, kernel: Kernel, finding: Finding) -> Replay | None:
    if finding.witness is None:
        return None
    if finding.rule in ENDLESS_RULES:
        return replay_endless(prog, kernel, finding.witness)
    return replay(prog, kernel, finding.witness)


def report(found: Sequence[tuple[str, Triage]]) -> Iterator[str]:
    """The lines of programs, by name."""
    for name, each in found:
        first, *rest = each.text.split("\n")
        yield (
            f"{name}: {first}"
            if each.word not in (ACCEPTED, UNMODELLED)
            else (f"{name}: {each.word}: {first}")
        )
        yield from rest
