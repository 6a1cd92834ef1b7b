"""What a start costs: ours, and the C DTrace and bpftrace beside it.

    python benchmarks/startup.py [--runs N] [--dtrace COMMAND] [--bpftrace COMMAND]

Each case runs with every tool in turn, N times over, after one run that warms the caches, so that
all tools meet the same machine.  Figures are medians:

    first   CPU seconds (user and system, all threads) until the first output
    cpu     CPU seconds of the whole process, its children included
    wall    seconds from start to end

and the ratio of `first` and `cpu` to ours on the same backend.  The kernel backend and the
peers need root; what cannot run is left out, and said so.  On a busy machine trust CPU, not wall.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

HELLO_D = 'BEGIN { printf("hello"); exit(0); }'
HELLO_BT = 'BEGIN { printf("hello"); exit(); }'
# A clause each of what scripts are made of, on probes that exist everywhere.
TEN_D = """
BEGIN { printf("hello"); }
syscall::read:entry { self->t = timestamp; }
syscall::read:return /self->t/ { @lat[execname] = quantize(timestamp - self->t); self->t = 0; }
syscall::write:entry { @calls[execname, probefunc] = count(); }
syscall::write:return /arg0 > 0/ { @bytes[pid] = sum(arg0); }
syscall::openat:entry { @opens[uid] = count(); }
syscall::close:entry { @fds = lquantize(arg0, 0, 100, 10); }
profile-97 { @cpu[execname] = count(); }
tick-1hour { printf("never"); }
BEGIN { exit(0); }
"""
TEN_BT = """
BEGIN { printf("hello"); }
tracepoint:syscalls:sys_enter_read { @t[tid] = nsecs; }
tracepoint:syscalls:sys_exit_read /@t[tid]/ { @lat[comm] = hist(nsecs - @t[tid]); delete(@t, tid); }
tracepoint:syscalls:sys_enter_write { @calls[comm, probe] = count(); }
tracepoint:syscalls:sys_exit_write /args.ret > 0/ { @bytes[pid] = sum(args.ret); }
tracepoint:syscalls:sys_enter_openat { @opens[uid] = count(); }
tracepoint:syscalls:sys_enter_close { @fds = lhist(args.fd, 0, 100, 10); }
profile:hz:97 { @cpu[comm] = count(); }
interval:s:3600 { printf("never"); }
BEGIN { exit(); }
"""
MANY_D = "syscall:::entry { @[probefunc] = count(); } tick-1ms { exit(0); }"


class Case(NamedTuple):
    """One thing to do, in the words of each tool; () where a tool cannot."""

    name: str
    dtrace: tuple[str, ...]
    bpftrace: tuple[str, ...]
    goal: str  # what we promise, for the reader


CASES = (
    Case("hello", ("-qn", HELLO_D), ("-e", HELLO_BT), "first 0.15, cpu 0.20"),
    Case("ten clauses", ("-qn", TEN_D), ("-e", TEN_BT), "cpu 0.40"),
    Case("list", ("-l",), ("-l", "tracepoint:*"), "cpu 0.30"),
    Case("all system calls", ("-qn", MANY_D), (), "wall 1.0"),
)


class Tool(NamedTuple):
    """A command to measure."""

    name: str
    command: tuple[str, ...]
    speaks: str  # "dtrace" or "bpftrace"


class Run(NamedTuple):
    """Seconds that one run took."""

    first: float
    cpu: float
    wall: float


class Failed(Exception):
    """The command gave an error; its text says which."""


def process_clock(pid: int) -> int:
    """The id of a process's CPU clock, as clock_getcpuclockid(3) makes it."""
    return (~pid << 3) | 2


def measure(command: tuple[str, ...]) -> Run:
    """Run a command to its end.  Raises Failed if its status is not 0."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    first = time.clock_gettime(process_clock(process.pid))
    while process.stdout.read(1 << 16):
        pass
    complaint = process.stderr.read().decode("utf-8", "replace").strip()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(complaint.splitlines()[-1] if complaint else f"status {process.returncode}")
    return Run(first, usage.ru_utime + usage.ru_stime, wall)


def medians(runs: list[Run]) -> Run:
    return Run(*(statistics.median(figures) for figures in zip(*runs, strict=True)))


def compare(case: Case, tools: list[Tool], count: int) -> None:
    """Measure a case with every tool in turn and print a line for each."""
    print(f"\n{case.name} (goal: {case.goal})")
    commands = {
        tool: (*tool.command, *words)
        for tool in tools
        if (words := case.dtrace if tool.speaks == "dtrace" else case.bpftrace)
    }
    results: dict[Tool, list[Run]] = {}
    for tool, command in commands.items():
        try:
            measure(command)
            results[tool] = []
        except (Failed, OSError) as err:
            print(f"  {tool.name:<18} left out: {err}")
    for _ in range(count):
        for tool, runs in results.items():
            runs.append(measure(commands[tool]))
    figures = {tool: medians(runs) for tool, runs in results.items()}
    ours = {tool.name: run for tool, run in figures.items() if tool.name.startswith("ours")}
    for tool, run in figures.items():
        line = f"  {tool.name:<18} first {run.first:6.3f}  cpu {run.cpu:6.3f}  wall {run.wall:6.3f}"
        if tool.name not in ours:
            line += "".join(
                f"  /{name.split()[1]} {run.first / our.first:.1f} {run.cpu / our.cpu:.1f}"
                for name, our in ours.items()
            )
        print(line)


def find_tools(options: argparse.Namespace) -> list[Tool]:
    """Ours on each backend, and the peers that are given or installed."""
    ours = (sys.executable, "-m", "dtrace")
    tools = [Tool("ours emulated", (*ours, "--backend=emulated"), "dtrace")]
    root = os.geteuid() == 0
    if root:
        tools.append(Tool("ours kernel", (*ours, "--backend=kernel"), "dtrace"))
    else:
        print("not root: the kernel backend and the peers are left out")
    for name, given in (("dtrace", options.dtrace), ("bpftrace", options.bpftrace)):
        # An installed `dtrace` may be ours: only the C one's usual place counts.
        found = given or shutil.which(name, path="/usr/sbin:/usr/bin") or ""
        if found and root:
            tools.append(Tool(name, tuple(shlex.split(found)), name))
        elif root:
            print(f"no {name} here (--{name} COMMAND names one)")
    return tools


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what a start costs.")
    parser.add_argument("--runs", type=int, default=7, help="runs of each case and tool (7)")
    parser.add_argument("--case", action="append", help="only the case of this name (repeatable)")
    parser.add_argument("--dtrace", help="command of the C DTrace")
    parser.add_argument("--bpftrace", help="command of bpftrace")
    options = parser.parse_args()
    tools = find_tools(options)
    for case in CASES:
        if not options.case or case.name in options.case:
            compare(case, tools, options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
