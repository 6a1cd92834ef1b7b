"""Every domain and transfer function that runs is sound for all inputs, or a known bug is not."""

from __future__ import annotations

import pytest

pytest.importorskip("z3")

from emu.kernel.profile import Kernel
from verifier_model.rules import rules_of
from verifier_model.smt.proof.bugs import BUGS
from verifier_model.smt.proof.obligations import OBLIGATIONS, QUICK
from verifier_model.smt.proof.prove import prove

ROWS = [
    pytest.param(row, id=row.name, marks=[] if row.name in QUICK else [pytest.mark.slow])
    for row in OBLIGATIONS
]


@pytest.mark.parametrize("obligation", ROWS)
def test_every_release_is_sound_but_where_a_known_bug_says_otherwise(obligation):
    for answer in prove(obligation):
        for release in answer.releases:
            rules = rules_of(Kernel.release(release))
            bugs = [
                b.trait.name for b in BUGS if obligation.name in b.statements and b.holds(rules)
            ]
            assert answer.sound or bugs, (release, answer.failures)
            assert not (answer.sound and bugs), f"{release} is sound, in spite of {bugs}"


def test_known_bugs_name_statements_of_the_table():
    names = [row.name for row in OBLIGATIONS]
    assert len(set(names)) == len(names)
    assert set(names) > QUICK
    for bug in BUGS:
        assert set(bug.statements) <= set(names), bug.trait
