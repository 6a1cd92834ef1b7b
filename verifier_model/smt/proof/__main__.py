"""python -m verifier_model.smt.proof [WORD ...]: prove the statements whose names have the words.

One line for each statement and each group of releases that do the same.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from emu.kernel.profile import Kernel
from verifier_model.rules import rules_of
from verifier_model.smt.proof.bugs import BUGS
from verifier_model.smt.proof.obligations import OBLIGATIONS
from verifier_model.smt.proof.prove import prove

if TYPE_CHECKING:
    from verifier_model.smt.proof.prove import Answer


def main(words: list[str]) -> int:
    """Exit status: 0 if all that fails is known, else 1."""
    surprises = 0
    for row in OBLIGATIONS:
        if not all(word in row.name for word in words):
            continue
        for answer in prove(row):
            first, last = answer.releases[0], answer.releases[-1]
            rules = rules_of(Kernel.release(first))
            bugs = [b.trait.name for b in BUGS if row.name in b.statements and b.holds(rules)]
            surprises += not (answer.unsound if bugs else answer.sound)
            said = _said(answer, bugs)
            releases = f"{first} to {last}, {len(answer.releases)} releases"
            print(f"{row.name:30} {releases:34} {answer.seconds:7.2f} s  {said}", flush=True)
            for failure in answer.failures if not bugs else ():
                print(f"    {failure.claim}: {failure.witness or 'not decided'}")
    return 1 if surprises else 0


def _said(answer: Answer, bugs: list[str]) -> str:
    if answer.unsound:
        return f"unsound: {', '.join(bugs) or 'not known'}"
    return "sound" if answer.sound else "undecided"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
