"""Programs attached to the running kernel's sites: they count exactly, and stop."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from dtrace.backend.base import KernelError
from dtrace.backend.linux import tracefs
from dtrace.backend.linux.kernel import LinuxKernel
from dtrace.probes.desc import Begin, RawTracepoint, Syscall, Timer, Tracepoint
from emu.kernel.enums import ProgType
from tests.kernel.programs import COUNT, counted, counter, process_counter, syscall_counter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtrace.probes.desc import Site

pytestmark = pytest.mark.kernel

CALLS = 1003
GETPPID = 110  # asm/unistd_64.h
# Makes half of the calls on the first CPU it may use, half on the last.
CALLER = f"""
import os, sys
sys.stdin.readline()
cpus = sorted(os.sched_getaffinity(0))
for cpu, calls in ((cpus[0], {CALLS // 2}), (cpus[-1], {CALLS - CALLS // 2})):
    os.sched_setaffinity(0, {{cpu}})
    for _ in range(calls):
        os.getppid()
"""


@pytest.fixture
def kernel() -> Iterator[LinuxKernel]:
    with LinuxKernel() as opened:
        yield opened


@pytest.fixture
def caller() -> Iterator[subprocess.Popen[bytes]]:
    """A process that calls getppid CALLS times once its input ends."""
    with subprocess.Popen((sys.executable, "-c", CALLER), stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def needs_tracefs() -> None:
    if not tracefs.find():
        pytest.skip(tracefs.MISSING)


@pytest.mark.usefixtures("needs_tracefs")
@pytest.mark.parametrize(
    "site",
    [Tracepoint("syscalls", "sys_enter_getppid"), Syscall("getppid", -1, entry=False)],
    ids=["entry", "return"],
)
def test_a_tracepoint_counts_every_call_on_every_cpu(
    kernel: LinuxKernel, caller: subprocess.Popen[bytes], site: Site
) -> None:
    count = kernel.create_map(COUNT)
    prog = kernel.load(process_counter(ProgType.TRACEPOINT, caller.pid), [count])
    kernel.attach(prog, site)
    caller.communicate()
    assert counted(count) == CALLS


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of getppid is x86-64's")
def test_a_raw_tracepoint_counts_every_call(
    kernel: LinuxKernel, caller: subprocess.Popen[bytes]
) -> None:
    count = kernel.create_map(COUNT)
    kernel.attach(
        kernel.load(syscall_counter(caller.pid, GETPPID), [count]), RawTracepoint("sys_enter")
    )
    caller.communicate()
    assert counted(count) == CALLS


def test_a_closed_link_counts_no_more(kernel: LinuxKernel) -> None:
    count = kernel.create_map(COUNT)
    prog = kernel.load(process_counter(ProgType.RAW_TRACEPOINT, os.getpid()), [count])
    link = kernel.attach(prog, RawTracepoint("sys_enter"))
    os.getppid()
    link.close()
    before = counted(count)
    assert before > 0
    os.getppid()
    assert counted(count) == before
    link.close()


def test_timers_fire_at_their_period_on_one_cpu_or_on_all(kernel: LinuxKernel) -> None:
    counts = []
    started = time.monotonic()
    for every_cpu in (False, True):
        count = kernel.create_map(COUNT)
        kernel.attach(
            kernel.load(counter(ProgType.PERF_EVENT), [count]), Timer(2_000_000, every_cpu)
        )
        counts.append(count)
    time.sleep(0.3)
    one, every = map(counted, counts)
    most = (time.monotonic() - started) / 0.002 + 2
    # A busy host delays ticks and skips some, but never adds any.
    assert most / 4 < one <= most
    cpus = len(kernel.online_cpus())
    assert cpus * most / 4 < every <= cpus * most


@pytest.mark.usefixtures("needs_tracefs")
@pytest.mark.parametrize(
    ("type", "site", "message"),
    [
        (
            ProgType.TRACEPOINT,
            Tracepoint("no", "such_event"),
            "tracepoint no:such_event does not exist on this kernel",
        ),
        (
            ProgType.RAW_TRACEPOINT,
            RawTracepoint("no_such_event"),
            "raw tracepoint no_such_event does not exist on this kernel",
        ),
        (ProgType.KPROBE, Begin(), "Begin is not a place to attach to"),
        (
            ProgType.KPROBE,
            Tracepoint("syscalls", "sys_enter_getppid"),
            "cannot attach to tracepoint syscalls:sys_enter_getppid: Invalid argument",
        ),
    ],
)
def test_what_cannot_be_attached_is_an_error_and_leaves_nothing(
    kernel: LinuxKernel, type: ProgType, site: Site, message: str
) -> None:
    prog = kernel.load(counter(type), [kernel.create_map(COUNT)])
    before = os.listdir("/proc/self/fd")
    with pytest.raises(KernelError) as caught:
        kernel.attach(prog, site)
    assert str(caught.value) == message
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.usefixtures("needs_tracefs")
def test_system_calls_have_the_numbers_their_tracepoints_report(kernel: LinuxKernel) -> None:
    calls = kernel.syscalls()
    assert calls["read"] == 0
    assert calls["newstat"] == 4  # stat(2): the event has the function's name
    assert calls["getppid"] == GETPPID
    assert len(calls) > 300
