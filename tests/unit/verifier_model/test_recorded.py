"""The model says what real kernels said: the recorded verdicts of corpus/kernels."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path

import pytest

from emu.kernel.profile import Kernel
from verifier_model import batch, verify

FILE = Path(__file__).parents[3] / "corpus" / "kernels" / "verdicts.jsonl.xz"


@cache
def rows():
    with lzma.open(FILE, "rt") as lines:
        return [json.loads(line) for line in lines]


KERNELS = sorted({name for row in rows() for each in row["results"] for name in each["kernels"]})


def test_every_way_of_keeping_states_is_recorded():
    """5.10 to 7.3, the last release of each way to find out what is live, and User-mode Linux."""
    assert {"5.10.262", "6.1.180", "6.12.107", "6.16.12", "6.18.44/2", "7.1.13", "7.2.13"} <= set(
        KERNELS
    )
    assert any(name.endswith("-uml") for name in KERNELS)


@pytest.mark.parametrize("name", KERNELS)
def test_verdict_complaint_and_counts_are_the_kernels(name):
    release, _, cpus = name.partition("/")
    kernel = Kernel.release(release)
    wrong = {}
    compared = 0
    for row in rows():
        expected = [each["result"] for each in row["results"] if name in each["kernels"]]
        for result in expected:
            prog = batch.read(row["program"])
            verdict = verify(prog, kernel, log_level=0, cpus=int(cpus or 1))
            ours = {
                "verdict": "accept" if verdict.accepted else "reject",
                "errno": verdict.errno,
                "message": verdict.message,
                "counts": [
                    verdict.insns_processed,
                    verdict.total_states,
                    verdict.peak_states,
                    verdict.max_states_per_insn,
                ],
            }
            # None: not recorded; 7.3's complaint is a report.
            known = {field: value for field, value in result.items() if value is not None}
            known["counts"] = known["counts"] if known["counts"][0] is not None else ours["counts"]
            if known != {field: ours[field] for field in known}:
                wrong[prog.name] = (ours, known)
            compared += 1
    assert compared >= 18
    assert wrong == {}
