"""Programs that are right, and programs that nearly are: both engines say the same."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emu import batch, runner
from emu.batch import BatchMap, BatchProgram
from emu.isa.table import INSNS
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import Insn, Prog
from emu.vm.engine import Engine
from emu.vm.fault import VmFault
from emu.vm.interp import Vm
from emu.vm.run import Run
from emu.vm.stepper import Stepper
from tests.generator.program import generate
from tests.props.test_translator import CONTEXT, MAPS, bodies
from tests.props.test_vm import immediates
from tests.unit.emu.vm.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS = st.sampled_from(RELEASES)
BUDGET = 20_000
ENGINES: tuple[Engine, ...] = ("interpreter", "translator", "auto")
# Those that Hypothesis chooses shrink, and stay small; those of a seed may be large.
RANDOMS = st.randoms(use_true_random=False) | st.integers(0, 2**32 - 1).map(Random)
CODES = st.sampled_from(sorted({row.code for row in INSNS}))


def answers(program: BatchProgram, kernel: Kernel, cpus: int = 2) -> list[dict[str, Any]]:
    """What each engine says; "auto" translates what it has begun to interpret."""
    return [runner.run(program, kernel, cpus, engine=each, budget=BUDGET) for each in ENGINES]


@settings(deadline=None, max_examples=30)
@given(RANDOMS, KERNELS, st.integers(1, 4))
def test_right_program_gives_the_same_on_both_engines_and_never_faults(
    rng: Random, release: str, cpus: int
) -> None:
    kernel = Kernel.release(release)
    interpreted, *others = answers(generate(rng, kernel), kernel, cpus)
    assert "message" not in interpreted
    assert others == [interpreted, interpreted]


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[int, str, int]]:
    """Which insns get which fields changed to what."""
    one = st.one_of(
        st.tuples(st.just("code"), CODES),
        st.tuples(st.sampled_from(("dst", "src")), st.integers(0, 10)),
        st.tuples(st.just("off"), st.integers(-100, 100) | st.integers(-(2**15), 2**15 - 1)),
        st.tuples(st.just("imm"), st.integers(-20, 200) | immediates),
    )
    places = st.integers(0, 1 << 12)
    return [(draw(places), *draw(one)) for _ in range(draw(st.integers(1, 3)))]


def changed(insns: tuple[Insn, ...], edits: list[tuple[int, str, int]]) -> tuple[Insn, ...]:
    """The instructions with some of their fields changed."""
    out = list(insns)
    for place, field, value in edits:
        at = place % len(out)
        out[at] = out[at]._replace(**{field: value})
    return tuple(out)


@settings(deadline=None, max_examples=40)
@given(RANDOMS, changes())
def test_damaged_program_gives_the_same_on_both_engines(
    rng: Random, edits: list[tuple[int, str, int]]
) -> None:
    kernel = Kernel.release("6.18")
    program = generate(rng, kernel)
    insns = changed(program.prog.insns, edits)
    program = program._replace(prog=program.prog._replace(insns=insns))
    interpreted, *others = answers(program, kernel)
    assert others == [interpreted, interpreted]


def ended(run: Callable[[], int | None]) -> object:
    """What a run gives, or what is wrong."""
    try:
        return run()
    except VmFault as fault:
        return fault.kind, fault.message, fault.pc


@settings(deadline=None, max_examples=40)
@given(bodies(), st.integers(20, 400))
def test_stepping_gives_what_running_gives(body: list[Insn], budget: int) -> None:
    prog = Prog("props", ProgType.RAW_TRACEPOINT, tuple(body), MAPS)
    found = []
    for steps in (False, True):
        machine = Machine(*MAPS)
        vm = Vm(prog, machine.world.mem, machine.maps, budget=budget)
        run = Run(machine.world, 0)
        ctx = run.set_context(CONTEXT)
        result = ended(
            partial(stepped, Stepper(vm, run, ctx)) if steps else partial(vm.run, run, ctx)
        )
        maps = [{key: made.read(key) for key in made.walk()} for made in machine.maps]
        found.append((result, maps, bytes(run.context)))
    assert found[0] == found[1]


def stepped(stepper: Stepper) -> int | None:
    """Step to the end."""
    while stepper.result is None:
        stepper.step()
    return stepper.result


# -- Objects


OBJECT = """
#define SEC(n) __attribute__((section(n), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*loop)(unsigned, void *, void *, unsigned long) = (void *)181;
SEC("license") char terms[] = "GPL";
struct { __uint(type, 1); __uint(max_entries, 4); __type(key, int); __type(value, long); }
    counts SEC(".maps");
const volatile long step = 5;
long total = 100;
static int each(unsigned index, long *sum) { *sum += index * step; return 0; }
SEC("socket") int count(void *ctx)
{
    int key = 2;
    long sum = 0, *value = lookup(&counts, &key);
    loop(10, each, &sum, 0);
    total += sum;
    if (value) *value += total;
    return sum;
}
"""


@pytest.mark.skipif(shutil.which("clang") is None, reason="no clang to make objects with")
@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4))
@example([(2089, 1)])  # with clang 14 a variable of the types that is none
def test_damaged_object_is_an_error_or_programs_that_engines_agree_on(
    edits: list[tuple[int, int]],
) -> None:
    data = bytearray(compiled(OBJECT))
    for place, value in edits:
        data[place % len(data)] = value
    kernel = Kernel.release("6.18")
    objfile = pytest.importorskip("emu.objfile", reason="objects need pyelftools")
    progs: list[Prog] = []
    with suppress(objfile.ObjectError):
        progs = objfile.load(bytes(data), "test")
    for prog in progs:
        described = tuple(
            BatchMap(each, (), each.type in (MapType.ARRAY, MapType.HASH)) for each in prog.maps
        )
        run = batch.TestRun(bytes(14), b"", 1, 64, 0, 0)
        interpreted, *others = answers(BatchProgram(prog.name, prog, described, (run,)), kernel)
        assert others == [interpreted, interpreted]


@cache
def compiled(text: str) -> bytes:
    """The object that clang makes of C."""
    with TemporaryDirectory() as folder:
        source, out = Path(folder, "test.c"), Path(folder, "test.o")
        source.write_text(text)
        words = ["clang", "-target", "bpf", "-O2", "-g", "-mcpu=v3", "-c", str(source)]
        subprocess.run([*words, "-o", str(out)], check=True, capture_output=True)
        return out.read_bytes()
