"""The command on the running kernel: it counts exactly, and leaves nothing behind."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.skips import BPF_SYSCALL

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = (sys.executable, "-m", "dtrace", "--backend=kernel")
CALLS = 1234
TIMEOUT = 60
BPF_PROG_GET_NEXT_ID = 11

# Waits for a line, makes the calls that are to be counted, and ends.
WORKLOAD = """
import os, sys
sys.stdin.readline()
for _ in range({calls}):
    os.getppid()
"""


@pytest.fixture
def workload() -> Iterator[subprocess.Popen[str]]:
    """A process that makes CALLS calls of getppid once it is told to go."""
    with subprocess.Popen(
        (sys.executable, "-c", WORKLOAD.format(calls=CALLS)), stdin=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.close()


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (*COMMAND, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(process: subprocess.Popen[str], line: str) -> None:
    """Read the output of a command up to a line that is `line`."""
    assert process.stdout is not None
    for found in process.stdout:
        if found.strip() == line:
            return
    _, complaint = process.communicate()
    pytest.fail(f"ended with {process.returncode} before it said {line!r}: {complaint}")


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a command that must succeed: the rest of its output."""
    output, complaint = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, complaint
    assert "drop" not in complaint
    return output


def loaded_progs() -> set[int]:
    """The ids of all BPF programs in the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    attr = (ctypes.c_uint32 * 32)()  # start_id, next_id
    found: set[int] = set()
    while True:
        number = BPF_SYSCALL[platform.machine()]
        size = ctypes.sizeof(attr)
        if libc.syscall(number, BPF_PROG_GET_NEXT_ID, ctypes.byref(attr), size) < 0:
            return found
        attr[0] = attr[1]
        found.add(attr[0])


def assert_unloaded(progs: set[int]) -> None:
    """These programs go away; the kernel frees them a moment after they are closed."""
    for _ in range(50):
        if not progs & loaded_progs():
            return
        time.sleep(0.1)
    pytest.fail(f"BPF programs {sorted(progs & loaded_progs())} are still loaded")


@pytest.mark.kernel
def test_counts_of_a_process_agree_exactly(workload: subprocess.Popen[str]) -> None:
    dtrace = start(
        "-q",
        *("-p", str(workload.pid)),
        "-n",
        'tick-20ms /!said/ { said = 1; printf("ready\\n"); }'
        " syscall::getppid:entry /pid == $target/ { @in = count(); n++; }"
        " syscall::getppid:return /pid == $target/ { @out[execname, arg0 > 0] = count(); }"
        ' END { printa("in %@d\\n", @in); printa("out %s %d %@d\\n", @out); }',
    )
    wait_for(dtrace, "ready")
    go(workload)
    name = Path(f"/proc/{workload.pid}/comm").read_text().strip()
    assert finish(dtrace) == f"in {CALLS}\nout {name} 1 {CALLS}\n\n"


@pytest.mark.kernel
def test_counts_by_the_selecting_program_agree_exactly(workload: subprocess.Popen[str]) -> None:
    dtrace = start(
        "-q",
        *("-p", str(workload.pid)),
        "-n",
        'tick-20ms /!said/ { said = 1; printf("ready\\n"); }'
        " syscall:::entry /pid == $target/ { @[probefunc] = count(); }",
    )
    wait_for(dtrace, "ready")
    go(workload)
    counts = dict(line.split() for line in finish(dtrace).splitlines() if line.strip())
    assert counts["getppid"] == str(CALLS)


@pytest.mark.kernel
def test_every_event_is_printed_in_order(workload: subprocess.Popen[str]) -> None:
    dtrace = start(
        "-q",
        *("-p", str(workload.pid)),
        "-n",
        'int n; tick-20ms /!said/ { said = 1; printf("ready\\n"); }'
        ' syscall::getppid:entry /pid == $target/ { printf("%d\\n", n++); }',
    )
    wait_for(dtrace, "ready")
    go(workload)
    assert finish(dtrace).split() == [str(n) for n in range(CALLS)]


@pytest.mark.kernel
def test_command_of_c_is_traced_from_its_start() -> None:
    # -c splits its argument at white space and knows no quotes.
    program = f"[__import__('os').getppid()for(_)in(range({CALLS}))]"
    dtrace = start(
        "-q",
        *("-c", f"{sys.executable} -ISc {program}"),
        "-n",
        'syscall::getppid:entry /pid == $target/ { @ = count(); } END { printa("%@d\\n", @); }',
    )
    assert finish(dtrace).strip() == str(CALLS)


@pytest.mark.kernel
def test_latency_of_reads() -> None:
    dtrace = start(
        "-n",
        "syscall::read:entry { self->t = timestamp; }"
        " syscall::read:return /self->t/"
        " { @[execname] = quantize(timestamp - self->t); self->t = 0; n++; }"
        " tick-100ms /n > 3/ { exit(0); }",
    )
    # Reading its output is reading: somebody on the machine always does.
    with subprocess.Popen(("cat", "/dev/zero"), stdout=subprocess.DEVNULL) as reader:
        try:
            output = finish(dtrace)
        finally:
            reader.kill()
    assert "------------- Distribution -------------" in output


@pytest.mark.kernel
def test_interrupt_ends_with_end_and_leaves_nothing() -> None:
    before = loaded_progs()
    dtrace = start(
        "-q",
        "-n",
        'BEGIN { @["kept"] = count(); }'
        ' tick-20ms /!said/ { said = 1; printf("ready\\n"); }'
        " syscall::read:entry { @reads = count(); }"
        ' END { printf("the end\\n"); }',
    )
    wait_for(dtrace, "ready")
    ours = loaded_progs() - before
    assert ours
    dtrace.send_signal(signal.SIGINT)
    output = finish(dtrace)
    assert "the end" in output
    assert re.search(r"kept +1\n", output)
    assert_unloaded(ours)


@pytest.mark.kernel
@pytest.mark.parametrize("delay", [0.05, 0.1, 0.2, 0.4])
def test_interrupt_while_loading_leaves_nothing(delay: float) -> None:
    before = loaded_progs()
    dtrace = start("-qn", "syscall:::entry { @[probefunc] = count(); }")
    time.sleep(delay)
    ours = loaded_progs() - before
    dtrace.send_signal(signal.SIGINT)
    _, complaint = dtrace.communicate(timeout=TIMEOUT)
    # Before our first line runs, the interpreter itself reports the interrupt.
    if not complaint.startswith("Fatal Python error: init"):
        assert all(file.startswith("<frozen ") for file in re.findall('File "(.*?)"', complaint))
    assert_unloaded(ours)


def can_be_run_by_others(path: Path) -> bool:
    """Whether every folder on the way to a file, and the file, are open to all users."""
    return all(
        os.stat(part).st_mode & stat.S_IXOTH for part in (path.resolve(), *path.resolve().parents)
    )


def test_without_root_the_message_names_cause_and_cure() -> None:
    as_nobody: dict[str, int] = {}
    if os.geteuid() == 0:
        if not can_be_run_by_others(Path(sys.executable)):
            pytest.skip("this Python cannot be run by an ordinary user, and we are root")
        as_nobody = {"user": 65534, "group": 65534}
    done = subprocess.run(  # type: ignore[call-overload]
        (*COMMAND, "-n", "BEGIN { exit(0); }"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        **as_nobody,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("dtrace: ")
    assert "root" in done.stderr
    assert "Traceback" not in done.stderr
