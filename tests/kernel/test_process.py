"""Processes of -c and -p."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from dtrace.backend.base import KernelError
from dtrace.backend.linux.process import Command, Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that writes its arguments, one a line, beside itself."""
    path = tmp_path / "script.sh"
    path.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.out"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(("sleep", "60")) as process:
        yield process
        process.kill()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_command_runs_when_it_is_started_and_not_before(script: Path) -> None:
    command = Command(f'{script}  "a   b"\tc')
    out = script.with_name(script.name + ".out")
    assert not command.wait(0.1)
    assert not out.exists()
    command.start()
    assert command.wait(10)
    # Words end at white space; quotes are characters like others.
    assert out.read_text() == '"a\nb"\nc\n'
    command.close()


def test_a_held_command_has_become_its_program() -> None:
    command = Command("sleep 60")
    with open(f"/proc/{command.pid}/comm") as comm:
        assert comm.read() == "sleep\n"
    command.close()


@pytest.mark.parametrize("started", [False, True])
def test_close_kills_what_still_runs(started: bool) -> None:
    command = Command("sleep 60")
    if started:
        command.start()
    assert alive(command.pid)
    command.close()
    assert not alive(command.pid)


def test_a_command_does_not_outlive_a_tracer_that_is_killed() -> None:
    text = """
import os, signal
from dtrace.backend.linux.process import Command
print(Command("sleep 60").pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    tracer = subprocess.run((sys.executable, "-c", text), stdout=subprocess.PIPE, check=False)
    assert tracer.returncode == -signal.SIGKILL
    pid = int(tracer.stdout)
    for _ in range(100):
        if not alive(pid):
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the command still runs")


def test_a_command_does_not_inherit_ignored_signals(script: Path) -> None:
    script.write_text('#!/bin/sh\ngrep SigIgn /proc/self/status > "$0.out"\n')
    command = Command(str(script))
    command.start()
    assert command.wait(10)
    ignored = int(script.with_name(script.name + ".out").read_text().split()[1], 16)
    assert not ignored >> (signal.SIGPIPE - 1) & 1
    command.close()


@pytest.mark.parametrize("command", ["", "   ", "/no/such/program", "/etc/passwd"])
def test_a_command_that_cannot_run_is_no_process(command: str) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(KernelError, match=r"^No such process$"):
        Command(command)
    assert os.listdir("/proc/self/fd") == before


def test_a_sandbox_without_ptrace_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: int, pid: int, data: int = 0) -> None:
        raise PermissionError

    monkeypatch.setattr("dtrace.backend.linux.syscall.ptrace", refuse)
    with pytest.raises(KernelError, match="cannot hold sleep: a sandbox forbids ptrace"):
        Command("sleep 60")


@pytest.mark.parametrize("pid", [0, -1, 1 << 30])
def test_a_pid_that_is_not_there_is_no_process(pid: int) -> None:
    with pytest.raises(KernelError, match=r"^No such process$"):
        Process(pid)


def test_a_grabbed_process_is_watched_and_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process(sleeper.pid)
    assert not process.wait(0)
    process.close()
    assert sleeper.poll() is None


def test_the_end_of_a_grabbed_process_is_seen(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process(sleeper.pid)
    sleeper.kill()
    assert process.wait(10)
    assert process.wait(0)
    process.close()
