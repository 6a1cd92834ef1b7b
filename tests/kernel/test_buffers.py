"""Perf rings of the running kernel: whole, in order, and honest about losses."""

from __future__ import annotations

import mmap
import os
import struct
import time
from typing import TYPE_CHECKING

import pytest

from dtrace.backend.base import KernelError, Sample, ring_size
from dtrace.backend.linux.buffers import PerfBuffers, parse
from dtrace.backend.linux.kernel import LinuxKernel
from emu.kernel.enums import MapType
from emu.prog import MapDef
from tests.kernel.programs import COUNT, counted, numbered_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZE = 24  # bytes of a test record
# What one takes in the ring: header, time, then the u32 size and the data to a multiple of 8.
IN_RING = 8 + 8 + 32
PER_RUN = 50  # records that a run of the program writes


class Rig:
    """A program that writes numbered records, and the buffers it writes to."""

    def __init__(self, kernel: LinuxKernel, size: int) -> None:
        array = MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, kernel.possible_cpus())
        self.kernel = kernel
        self.count = kernel.create_map(COUNT)  # records tried
        events = kernel.create_map(array)
        self.buffers: PerfBuffers = kernel.open_buffers(events, size, kernel.online_cpus())
        program = numbered_records(array, SIZE, PER_RUN)
        self.prog = kernel.load(program, [events, self.count])

    def write(self, runs: int, cpus: Sequence[int] = (0,)) -> None:
        for run in range(runs):
            self.kernel.run(self.prog, cpus[run % len(cpus)])


@pytest.fixture
def kernel() -> Iterator[LinuxKernel]:
    with LinuxKernel() as opened:
        yield opened


def numbers(samples: Sequence[Sample]) -> list[int]:
    return [struct.unpack_from("<Q", sample.data)[0] for sample in samples]


@pytest.mark.kernel
def test_records_of_all_cpus_come_in_order_of_time(kernel: LinuxKernel) -> None:
    rig = Rig(kernel, 1 << 20)
    cpus = sorted(os.sched_getaffinity(0))
    before = kernel.now()
    rig.write(40, cpus)
    samples = rig.buffers.read()
    assert numbers(samples) == list(range(40 * PER_RUN))
    times = [sample.time for sample in samples]
    assert times == sorted(times)
    assert before < times[0] <= times[-1] < kernel.now()
    assert {sample.cpu for sample in samples} == set(cpus)
    assert rig.buffers.lost() == {}


@pytest.mark.kernel
def test_records_keep_their_bytes_and_gain_only_padding(kernel: LinuxKernel) -> None:
    rig = Rig(kernel, 4096)
    rig.write(1)
    sample = rig.buffers.read()[7]
    assert sample.data == struct.pack("<QQQ", 7, 0, 0) + bytes(4)


@pytest.mark.kernel
def test_a_ring_that_goes_round_many_times_loses_nothing(kernel: LinuxKernel) -> None:
    rig = Rig(kernel, mmap.PAGESIZE)
    assert mmap.PAGESIZE % IN_RING, "the test needs a record that crosses the ring's end"
    found: list[int] = []
    for _ in range(100):
        rig.write(1)
        found += numbers(rig.buffers.read())
    assert found == list(range(100 * PER_RUN))
    assert rig.buffers.lost() == {}


@pytest.mark.kernel
def test_what_does_not_fit_is_counted_exactly(kernel: LinuxKernel) -> None:
    rig = Rig(kernel, mmap.PAGESIZE)
    runs = 2 * mmap.PAGESIZE // IN_RING // PER_RUN
    rig.write(runs)
    kept = rig.buffers.read()
    assert numbers(kept) == list(range(mmap.PAGESIZE // IN_RING))
    lost = rig.buffers.lost().get(0, 0)
    # Before Linux 6.0, only the next record that fits says so.
    rig.write(1)
    kept = [*kept, *rig.buffers.read()]
    lost += rig.buffers.lost().get(0, 0)
    assert lost == counted(rig.count) - len(kept) > 0
    assert rig.buffers.lost() == {}


@pytest.mark.kernel
def test_wait_returns_early_once_an_eighth_is_full(kernel: LinuxKernel) -> None:
    rig = Rig(kernel, 1 << 16)
    started = time.monotonic()
    rig.buffers.wait(0.05)
    assert time.monotonic() - started >= 0.05
    rig.write((1 << 16) // 8 // (IN_RING * PER_RUN) + 1)
    started = time.monotonic()
    rig.buffers.wait(20)
    assert time.monotonic() - started < 10


@pytest.mark.kernel
@pytest.mark.parametrize("early", [True, False])
def test_wait_returns_early_when_a_target_process_ends(kernel: LinuxKernel, early: bool) -> None:
    before = kernel.start_process("true") if early else None
    rig = Rig(kernel, 4096)
    process = before or kernel.start_process("true")
    process.start()
    started = time.monotonic()
    rig.buffers.wait(20)
    assert time.monotonic() - started < 10
    assert process.wait(1)


@pytest.mark.kernel
def test_a_cpu_that_does_not_exist_has_no_buffer(kernel: LinuxKernel) -> None:
    array = MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, 4096)
    events = kernel.create_map(array)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(KernelError, match="cannot make a buffer of 4096 bytes for CPU 4000"):
        kernel.open_buffers(events, 4096, [0, 4000])
    assert os.listdir("/proc/self/fd") == before


def test_sizes_become_powers_of_two_of_pages() -> None:
    page = mmap.PAGESIZE
    sizes = (1, page, page + 1, 3 * page, 1 << 22)
    assert [ring_size(size, page) for size in sizes] == [page, page, 2 * page, 4 * page, 1 << 22]


def test_parse_tells_samples_from_losses_and_skips_what_it_does_not_know() -> None:
    sample = struct.pack("<IHHQI", 9, 0, 32, 77, 12) + b"twelve bytes"
    lost = struct.pack("<IHHQQ", 2, 0, 24, 1, 5)
    throttled = struct.pack("<IHHQQQ", 5, 0, 32, 1, 2, 3)
    samples: list[Sample] = []
    assert parse(sample + lost + throttled + sample + lost, 3, samples) == 10
    assert samples == [Sample(3, 77, b"twelve bytes")] * 2


@pytest.mark.parametrize(
    "chunk",
    [
        struct.pack("<IHHQI", 9, 0, 0, 77, 4) + bytes(4),  # a record of no length
        struct.pack("<IHHQI", 9, 0, 32, 77, 12)[:10],  # a record that is cut off
        struct.pack("<IHHQ", 2, 0, 24, 1),
    ],
)
def test_a_damaged_ring_is_an_error(chunk: bytes) -> None:
    with pytest.raises(KernelError, match="perf buffer of CPU 3 is damaged"):
        parse(chunk, 3, [])
