"""Every domain and transfer function that runs is sound for all inputs, or a known bug is not."""

from __future__ import annotations

import pytest

pytest.importorskip("z3")

from emu.kernel.profile import Kernel
from verifier_model.rules import rules_of
from verifier_model.smt.proof import prove as proving
from verifier_model.smt.proof.bugs import BUGS
from verifier_model.smt.proof.obligations import OBLIGATIONS, QUICK
from verifier_model.smt.proof.prove import prove
from verifier_model.smt.proof.solver import Undecided

ROWS = [
    pytest.param(row, id=row.name, marks=[] if row.name in QUICK else [pytest.mark.slow])
    for row in OBLIGATIONS
]


@pytest.mark.parametrize("obligation", ROWS)
def test_every_release_is_sound_but_where_a_known_bug_says_otherwise(obligation):
    late = []
    for answer in prove(obligation):
        for release in answer.releases:
            rules = rules_of(Kernel.release(release))
            bugs = [
                b.trait.name for b in BUGS if obligation.name in b.statements and b.holds(rules)
            ]
            assert bugs or not answer.unsound, (release, answer.failures)
            assert not (answer.sound and bugs), f"{release} is sound, in spite of {bugs}"
        if not (answer.sound or answer.unsound):
            late.append((answer.releases, [failure.claim for failure in answer.failures]))
    if late:  # an overloaded machine: a proof that was not finished is neither good nor bad
        pytest.skip(f"the solver ran out of time: {late}")


def test_a_proof_that_runs_out_of_time_is_neither_sound_nor_unsound(monkeypatch):
    def no_answer(facts, claim):
        raise Undecided("timeout")

    row = next(row for row in OBLIGATIONS if row.name == "tnum subreg")
    assert all(answer.sound for answer in prove(row))
    monkeypatch.setattr(proving, "refute", no_answer)
    answers = list(prove(row))
    assert answers
    assert not any(answer.sound or answer.unsound for answer in answers)


def test_known_bugs_name_statements_of_the_table():
    names = [row.name for row in OBLIGATIONS]
    assert len(set(names)) == len(names)
    assert set(names) > QUICK
    for bug in BUGS:
        assert set(bug.statements) <= set(names), bug.trait
