"""The model says what real kernels said: the recorded verdicts of corpus/kernels."""

from __future__ import annotations

import json
import lzma
import re
from functools import cache
from pathlib import Path

import pytest

from emu.kernel.kfuncs import KFUNCS, Does
from emu.kernel.profile import Kernel
from verifier_model import batch, verify

FOLDER = Path(__file__).parents[3] / "corpus" / "kernels"
COUNTS = ("insns_processed", "total_states", "peak_states", "max_states_per_insn")
# What ld_imm64 loads for a map is another address at each boot.
ADDRESS = re.compile(r"(\b\d+: (?:[.\d]{10} )?\(18\) r\d+ = )(?:0x[0-9a-f]+|ADDRESS)(?: +(?=;))?")
# Lines of statistics.
TRAILER = ("processed ", "verification time ", "stack depth ", "insns processed ")


@cache
def rows(name):
    with lzma.open(FOLDER / f"{name}.jsonl.xz", "rt") as lines:
        return [json.loads(line) for line in lines]


def kernels(name):
    return sorted({k for row in rows(name) for each in row["results"] for k in each["kernels"]})


def answers(name, kernel):
    """The programs of a file that were recorded on a kernel, each with what was said."""
    for row in rows(name):
        for each in row["results"]:
            if kernel in each["kernels"]:
                yield batch.read(row["program"]), each["result"]


def profile(name):
    """The kernel that a name means, and its CPUs: the release, or RELEASE/CPUS."""
    release, _, cpus = name.partition("/")
    return Kernel.release(release), int(cpus or 1)


KERNELS = kernels("verdicts")
# Those that no program here can call: they may sleep.
UNRECORDED = {row.name for row in KFUNCS if Does.SLEEPS in row.does}


def test_every_way_of_keeping_states_is_recorded():
    """5.10 to 7.3, the last release of each way to find out what is live, and User-mode Linux."""
    assert {"5.10.262", "6.1.180", "6.12.107", "6.16.12", "6.18.44/2", "7.1.13", "7.2.13"} <= set(
        KERNELS
    )
    assert any(name.endswith("-uml") for name in KERNELS)
    assert all(sum(1 for _ in answers("verdicts", name)) >= 18 for name in KERNELS)


def test_every_modelled_kernel_function_is_recorded():
    called = {name for row in rows("kfuncs") for _, name in row["program"]["kfuncs"]}
    modelled = {row.name for row in KFUNCS if row.params is not None}
    assert modelled - called <= UNRECORDED


@pytest.mark.parametrize(
    ("file", "name"),
    [(file, name) for file in ("verdicts", "kfuncs") for name in kernels(file)],
)
def test_verdict_complaint_and_counts_are_the_kernels(file, name):
    kernel, cpus = profile(name)
    wrong = {}
    compared = 0
    for prog, result in answers(file, name):
        verdict = verify(prog, kernel, log_level=0, cpus=cpus)
        ours = {
            "verdict": "accept" if verdict.accepted else "reject",
            "errno": verdict.errno,
            "message": verdict.message,
            "counts": [getattr(verdict, count) for count in COUNTS],
        }
        # None: not recorded; 7.3's complaint is a report.
        known = {field: value for field, value in result.items() if value is not None}
        known["counts"] = known["counts"] if known["counts"][0] is not None else ours["counts"]
        if known != {field: ours[field] for field in known}:
            wrong[prog.name] = (ours, known)
        compared += 1
    assert compared
    assert wrong == {}


def body(lines):
    """The lines of a log that are the same each time, with what they say."""
    return [
        ADDRESS.sub(r"\1ADDRESS", line.rstrip()) for line in lines if not line.startswith(TRAILER)
    ]


@pytest.mark.parametrize("name", kernels("point-releases"))
def test_point_releases_differ_as_they_do(name):
    """Each program tells two releases of a series apart, most of them by a line of the log."""
    kernel, cpus = profile(name)
    compared = 0
    for prog, result in answers("point-releases", name):
        verdict = verify(prog, kernel, log_level=2, cpus=cpus)
        assert (verdict.errno, verdict.message) == (result["errno"], result["message"])
        assert [getattr(verdict, count) for count in COUNTS] == result["counts"]
        assert body(verdict.log) == body(result["log"]), prog.name
        compared += 1
    assert compared
