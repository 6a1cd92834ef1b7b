"""Timers inside clauses: what an interrupt does to a D program that runs."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from dtrace.codegen import state
from dtrace.codegen.record import HEADER_SIZE
from emu.kernel.enums import ProgType
from emu.world.interleave import Interleaving, Level
from tests.dprogram import Compiled, build

if TYPE_CHECKING:
    from dtrace.backend.emulated import EmulatedKernel

TEXT = """
%s { self->x = 1; self->y = self->x + 1; trace(self->x); }
profile-97 { self->x = 7; self->y = 7; trace(9); }
"""
SEEDS = range(25)
RAW = "syscall:::entry"  # a raw tracepoint's program
EVENT = "syscall::read:entry"  # a tracepoint's
READ = 0
PERF_CONTEXT = bytes(200)


class Ran(NamedTuple):
    """What a system call's clause left behind that timers interrupted."""

    traced: tuple[int, ...]
    nested: int  # firings that the program counted instead of tracing them
    missed: int  # those that the kernel did not let begin, as far as it counts them
    thread_local: int


@cache
def built_once(probe: str, release: str) -> Compiled:
    return build(TEXT % probe, release)


def interrupted(probe: str, release: str, seed: int) -> Ran:
    """Run the clause once, with interrupts that begin where the seed says."""
    kernel, _, made = built_once(probe, release)
    maps = {name: kernel.create_map(each) for name, each in made.maps.items()}
    maps["state"].update(bytes(4), struct.pack("<II", state.Activity.ACTIVE, 0))
    buffers = kernel.open_buffers(maps["buffers"], 1 << 16, kernel.online_cpus())
    loaded = {
        built.prog.type: kernel.load(built.prog, [maps[each.name] for each in built.prog.maps])
        for built in made.programs
    }
    timer = loaded.pop(ProgType.PERF_EVENT).vm
    (outer,) = loaded.values()
    cpus = Interleaving(kernel.world, seed)
    cpus.interrupt(timer, Level.HARDIRQ, one_in=25, data=PERF_CONTEXT)
    cpus.start(0, outer.vm, context(kernel, outer.prog.type), syscall=probe == EVENT)
    cpus.run()
    own = maps["mem"].lookup(bytes(4)) or b""
    (value,) = [value for _, value in maps["self_x"].items()]
    return Ran(
        tuple(number(sample.data, HEADER_SIZE) for sample in buffers.read()),
        number(own, state.NESTED),
        sum(cpus.misses.values()),
        number(value, 0),
    )


def number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def context(kernel: EmulatedKernel, kind: ProgType) -> bytes:
    if kind == ProgType.TRACEPOINT:
        return struct.pack("<8xi4xQQQ", READ, 7, 0, 64)
    return struct.pack("<12Q", kernel.world.new_task("reader").regs, READ, *(0,) * 10)


@pytest.mark.parametrize(("probe", "release"), [(RAW, "5.10"), (RAW, "6.12"), (EVENT, "7.2")])
def test_timer_inside_a_clause_is_counted_and_touches_no_variable(probe: str, release: str) -> None:
    """The kernel lets the timer's program run inside the clause's, where it must not trace."""
    rans = [interrupted(probe, release, seed) for seed in SEEDS]
    assert max(ran.nested for ran in rans) > 2
    for ran in rans:
        # 9 is what the timer traces before the clause has begun, or after it ended.
        assert [value for value in ran.traced if value != 9] == [1]
        assert ran.missed == 0


def test_older_kernel_runs_no_timer_inside_a_tracepoints_program_and_counts_nothing() -> None:
    assert {interrupted(EVENT, "6.12", seed) for seed in SEEDS} == {Ran((1,), 0, 0, 1)}
