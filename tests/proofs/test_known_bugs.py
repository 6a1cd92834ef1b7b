"""What a proof finds unsound is a known bug: a program shows it, on the kernel that has it."""

from __future__ import annotations

import pytest

pytest.importorskip("z3")

from emu.kernel.profile import Kernel
from tests.concrete import outside, run, walk
from verifier_model.smt.proof.bugs import BUGS, mended

IDS = [bug.trait.name for bug in BUGS]


@pytest.mark.parametrize("bug", BUGS, ids=IDS)
def test_an_accepted_program_leaves_what_its_verifier_believed(bug):
    verdict, states = walk(bug.program, Kernel.release(bug.kernel))
    assert verdict.accepted, verdict.message
    assert outside(states, run(bug.program, bug.inputs))


@pytest.mark.parametrize("bug", BUGS, ids=IDS)
def test_the_same_run_stays_inside_once_the_bug_is_mended(bug):
    verdict, states = walk(bug.program, mended(bug.kernel))
    assert verdict.accepted, verdict.message
    assert not outside(states, run(bug.program, bug.inputs))
