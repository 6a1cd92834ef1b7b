"""Generated programs: the running kernel and both engines give the same results and maps."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from dtrace.backend.base import LoadError
from emu import runner
from emu.isa.disasm import disassemble
from emu.isa.table import find
from emu.kernel.profile import Kernel
from emu.net.test_run import Outcome
from emu.vm.engine import Engine
from tests.generator.program import generate
from verifier_model import verify

if TYPE_CHECKING:
    from emu.batch import BatchProgram
    from tests.kernel.runs import Answer

PROGRAMS = int(os.environ.get("KERNEL_PROGRAMS", "2000"))
SEED = os.environ.get("KERNEL_PROGRAMS_SEED", "")
LEAST_ACCEPTED = 0.9
# Programs that the kernel answers in two ways: an allocation that must not wait may fail.
MOST_UNSTEADY = 0.002
CMPXCHG32 = "atomic32_cmpxchg"
ENGINES: tuple[Engine, ...] = ("interpreter", "translator")


@pytest.mark.kernel
def test_generated_programs_do_on_both_engines_what_they_do_on_the_running_kernel() -> None:
    """KERNEL_PROGRAMS says how many, KERNEL_PROGRAMS_SEED which; without it they are new ones."""
    from dtrace.backend.linux.kernel import LinuxKernel
    from tests.kernel.runs import answer, on_cpu

    seed = int(SEED) if SEED else random.SystemRandom().getrandbits(32)
    with LinuxKernel() as opened:
        kernel, cpus = opened.profile, opened.possible_cpus()
    refused: list[str] = []
    unsteady: list[str] = []
    cpu = min(os.sched_getaffinity(0))
    with on_cpu(cpu):
        for number in range(seed, seed + PROGRAMS):
            program = generate(random.Random(number), kernel, cpu=cpu)
            try:
                expected = answer(program, cpus)
            except LoadError as error:
                refused.append(f"seed {number}: {error}")
                continue
            for engine in ENGINES:
                found = emulated(program, kernel, cpus, engine)
                if found != expected and found == answer(program, cpus):
                    unsteady.append(f"seed {number}")
                elif found != expected:
                    pytest.fail(told(number, engine, program, expected, found))
    assert len(refused) <= (1 - LEAST_ACCEPTED) * PROGRAMS, "\n".join(refused)
    assert len(unsteady) <= len(ENGINES) * MOST_UNSTEADY * PROGRAMS, "\n".join(unsteady)


def emulated(program: BatchProgram, kernel: Kernel, cpus: int, engine: Engine) -> Answer:
    """What an engine answers, as the kernel's answers are."""
    if any(row is not None and row.name == CMPXCHG32 for row in map(find, program.prog.insns)):
        # Some kernels forget to clear the high half of its result, as the model knows.
        verdict = verify(program.prog, kernel, log_level=0, cpus=cpus)
        program = program._replace(prog=verdict.loaded(program.prog))
    shown = runner.run(program, kernel, cpus, engine=engine)
    runs = [
        Outcome(
            run["errno"],
            run["retval"],
            bytes.fromhex(run.get("data_out", "")),
            bytes.fromhex(run.get("ctx_out", "")),
        )
        for run in shown["runs"]
    ]
    contents = {
        int(number): {bytes.fromhex(key): bytes.fromhex(value) for key, value in each["entries"]}
        for number, each in shown["maps"].items()
    }
    return runs, contents


def told(seed: int, engine: str, program: BatchProgram, expected: Answer, found: Answer) -> str:
    """How to make the program again, what differs, and the program."""
    lines = [f"KERNEL_PROGRAMS_SEED={seed} KERNEL_PROGRAMS=1, {engine}:"]
    for number, (theirs, ours) in enumerate(zip(expected[0], found[0], strict=True)):
        if theirs != ours:
            lines.append(f"run {number}: kernel {theirs}, emulator {ours}")
    for number, theirs_in in expected[1].items():
        if theirs_in != found[1][number]:
            name = program.maps[number].definition.name
            lines.append(f"map {number} ({name}): kernel {theirs_in}, emulator {found[1][number]}")
    return "\n".join([*lines, *disassemble(program.prog.insns)])
