"""Both engines give what real kernels gave: the recorded runs of corpus/kernels."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from emu import batch, runner
from emu.helpers.families import load_all
from emu.helpers.registry import KFUNCS
from emu.kernel.profile import Kernel

CORPUS = Path(__file__).parents[3] / "corpus" / "kernels"
FILES = ("socket_filter", "sched_cls", "xdp", "raw_tracepoint", "generated")
KERNELS = ("5.10.262", "6.1.180", "6.12.107", "6.18.44/2", "7.2.13")
PER_CPU = ("percpu_hash", "percpu_array", "lru_percpu_hash")
CALLING_KERNELS = ("6.12.107", "6.16.12", "6.18.44/2", "6.19.14", "7.2.6", "7.2.13", "7.3.4")
# The translator takes the longer for translating; the interpreter has shown the others' facts.
TRANSLATED = {"6.12.107": FILES, "7.2.13": ("kfuncs",)}
RUNS = [
    *(("interpreter", name, file) for file in FILES for name in KERNELS),
    *(("interpreter", name, "kfuncs") for name in CALLING_KERNELS),
    *(("translator", name, file) for name, files in TRANSLATED.items() for file in files),
]


def rows(file):
    with lzma.open(CORPUS / f"run-{file}.jsonl.xz", "rt") as lines:
        return [json.loads(line) for line in lines]


def values(spec, entries):
    """{key: values}; of per-CPU maps the values of all CPUs, sorted and without their padding."""
    size = spec.get("value", 8)
    step = 2 * (-(-size // 8) * 8) if spec["type"] in PER_CPU else 2 * size or 1
    return {
        key: sorted(value[at : at + 2 * size] for at in range(0, len(value), step))
        for key, value in entries
    }


def differences(program, expected, answer):
    """What an answer has otherwise than the kernel's."""
    for number, (theirs, ours) in enumerate(zip(expected["runs"], answer["runs"], strict=True)):
        for field, value in theirs.items():
            if ours.get(field) != value:
                yield f"run {number}: {field} {ours.get(field)}, kernel {value}"
    for number, theirs in expected["maps"].items():
        spec, ours = program["maps"][int(number)], answer["maps"][number]["entries"]
        if values(spec, ours) != values(spec, theirs):
            yield f"map {number}: {ours}, kernel {theirs}"


@pytest.mark.parametrize(("engine", "name", "file"), RUNS)
def test_programs_run_as_on_the_kernel(engine, name, file):
    release, _, cpus = name.partition("/")
    kernel = Kernel.release(release)
    wrong = {}
    compared = 0
    for row in rows(file):
        found = [each["result"] for each in row["results"] if name in each["kernels"]]
        for expected in found:
            program = row["program"]
            answer = runner.run(batch.read(program), kernel, int(cpus or 1), engine=engine)
            wrong[program["id"]] = list(differences(program, expected, answer))
            compared += 1
    assert compared > 20
    assert {id_: found for id_, found in wrong.items() if found} == {}


def test_every_emulated_kernel_function_was_recorded():
    load_all()
    called = {name for row in rows("kfuncs") for _, name in row["program"]["kfuncs"]}
    assert called == set(KFUNCS)
