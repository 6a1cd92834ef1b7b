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
ADDRESS_IN_REPORT = re.compile(r"(\(18\) r\d+ = )(?:0x[0-9a-f]+|ADDRESS)(?: +(?=;))?")
# Complaints on which a release's report is that of 7.3 word by word.
SAME = {
    "6.12.107": (
        "program must be sleepable to call sleepable kfunc",
        "helper call might sleep in a non-sleepable prog",
        "bpf_rcu_read_unlock is missing",
        "1 bpf_preempt_enable is missing",
        "2 bpf_preempt_enable(s) are missing",
        "tail_call cannot be used inside bpf_rcu_read_lock-ed region",
        "unmatched rcu read unlock",
        "unmatched attempt to enable preemption",
        "expected uninitialized iter_num as arg #0",
        "expected an initialized iter_num as arg #0",
        "Dynptr has to be an uninitialized dynptr",
        "Expected an initialized dynptr as arg #0",
        "arg#0 expected pointer to an iterator on stack",
        "arg#0 expected pointer to stack or const struct bpf_dynptr",
        "arg#0 expected pointer to ctx, but got scalar",
        "arg#0 pointer type STRUCT bpf_map must point to scalar",
        "Possibly NULL pointer passed to trusted arg0",
        "R2 is not a scalar",
    ),
    "6.18": (
        "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region",
        "BPF_LD_[ABS|IND] cannot be used inside bpf_rcu_read_lock-ed region",
        "expected uninitialized irq flag as arg#0",
        "expected an initialized irq flag as arg#0",
        "arg#0 doesn't point to an irq flag on stack",
        "cannot restore irq state out of order",
    ),
    "7.2": (
        "R3 and R4 memory, len pair leads to invalid memory access",
        "R1 pointer type STRUCT bpf_map must point to scalar",
        "sleepable helper bpf_copy_from_user#148 in IRQ-disabled region",
    ),
}
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
    files = ("kfuncs", "callbacks", "objects", "corners")
    recorded = [row for file in files for row in rows(file)]
    called = {name for row in recorded for _, name in row["program"].get("kfuncs", ())}
    modelled = {row.name for row in KFUNCS if row.params is not None}
    assert modelled - called <= UNRECORDED


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (file, name)
        for file in (
            *("verdicts", "kfuncs", "reports", "functions", "helpers"),
            *("sleeping", "callbacks", "objects"),
        )
        for name in kernels(file)
    ],
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
        known.pop("report", None)
        known["counts"] = known["counts"] if known["counts"][0] is not None else ours["counts"]
        if known != {field: ours[field] for field in known}:
            wrong[prog.name] = (ours, known)
        compared += 1
    assert compared
    assert wrong == {}


@pytest.mark.parametrize("name", kernels("statistics"))
def test_statistics_are_the_kernels(name):
    """What level 4 tells behind the time."""
    kernel, cpus = profile(name)
    wrong = {}
    for prog, result in answers("statistics", name):
        verdict = verify(prog, kernel, log_level=4, cpus=cpus)
        at = next(i for i, line in enumerate(verdict.log) if line.startswith("verification time"))
        ours = (verdict.errno, list(verdict.log[at + 1 :]))
        if ours != (result["errno"], result["statistics"]):
            wrong[prog.name] = (ours, result)
    assert wrong == {}


def body(lines):
    """The lines of a log that are the same each time, with what they say."""
    return [
        (ADDRESS_IN_REPORT if " | " in line else ADDRESS).sub(r"\1ADDRESS", line.rstrip())
        for line in lines
        if not line.startswith(TRAILER)
    ]


def test_reports_are_the_words_of_7_3():
    """The log's end: the first complaint that has a report, and what follows it."""
    compared = 0
    for prog, result in answers("reports", "7.3.4"):
        if "report" not in result:
            continue
        log = body(verify(prog, Kernel.release("7.3.4"), log_level=1).log)
        while log and not log[-1]:
            log.pop()
        start = next((n for n, line in enumerate(log) if line.startswith("Verification")), None)
        ours = [] if start is None else log[start - 2 :]
        assert ours == result["report"], prog.name
        compared += 1
    assert compared > 150


def without_numbers(report):
    """What a report says, but for what changes with the numbers of references."""
    return [re.sub(r"\bid=\d+", "id=N", line) for line in report]


@pytest.mark.parametrize("release", ["6.12.107", "6.18", "7.2"])
def test_older_releases_give_the_same_report_on_request(release):
    """Of what a release says in other words, where its walk comes as far; see SAME."""
    told = set()
    for prog, result in answers("reports", "7.3.4"):
        verdict = verify(prog, Kernel.release(release), log_level=0, report=True)
        text = without_numbers(ADDRESS_IN_REPORT.sub(r"\1ADDRESS", x) for x in verdict.report)
        if text and text[:-1] == without_numbers(result.get("report", [""])[1:]):
            told.add(verdict.message)
    missing = [words for words in SAME[release] if not any(words in line for line in told)]
    assert missing == []


@pytest.mark.parametrize(
    ("file", "name"),
    [(file, name) for file in ("point-releases", "corners") for name in kernels(file)],
)
def test_the_whole_log_is_the_kernels(file, name):
    kernel, cpus = profile(name)
    compared = 0
    for prog, result in answers(file, name):
        verdict = verify(prog, kernel, log_level=2, cpus=cpus)
        assert verdict.errno == result["errno"], prog.name
        if result["message"] is not None:  # 7.3's is a report
            assert verdict.message == result["message"]
        assert [getattr(verdict, count) for count in COUNTS] == result["counts"]
        if result["log"] is not None:  # it has numbers of the kernel's own BTF
            assert body(verdict.log) == body(result["log"]), prog.name
        compared += 1
    assert compared
