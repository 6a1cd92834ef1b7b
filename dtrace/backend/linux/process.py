"""The processes of -c and -p: start one and hold it, watch one, know when it is gone."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal

from dtrace.backend.base import KernelError
from dtrace.backend.linux import syscall

# libdtrace says this of every process that it cannot have.
_NO_SUCH = "No such process"
# Exit statuses of a child that did not become its program.
_CANNOT_HOLD = 126
_CANNOT_RUN = 127


class Process:
    """A process that tracing is about: `$target` is its `pid`.

    `fileno()` is readable when it is gone, for epoll; -1 on kernels without pidfd_open(2) (before
    5.3), where wait() must be asked from time to time.
    """

    def __init__(self, pid: int) -> None:
        """Watch process `pid`, which must exist.  Raises KernelError."""
        self.pid = pid
        self._pidfd = -1
        self._gone = False
        if pid <= 0:
            raise KernelError(_NO_SUCH)
        try:
            self._pidfd = os.pidfd_open(pid)
        except OSError as error:
            if error.errno != errno.ENOSYS or not self._is_there():
                raise KernelError(_NO_SUCH) from None

    def fileno(self) -> int:
        return self._pidfd

    def start(self) -> None:
        """Let the process run, where it was held."""

    def wait(self, timeout: float) -> bool:
        """Whether the process is gone, after at most `timeout` seconds."""
        if not self._gone:
            self._gone = self._ended(timeout)
        return self._gone

    def close(self) -> None:
        """Stop watching."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def _ended(self, timeout: float) -> bool:
        if self._pidfd < 0:
            return not self._is_there()
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def _is_there(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except OSError as error:
            return error.errno == errno.EPERM
        return True


class Command(Process):
    """A process of our own: held from its exec until start(), killed by close().

    It is held as libdtrace's option evaltime=exec does it: by ptrace, right after the exec, so that
    no system call of ours between fork and exec is ever seen.  The hold ends with us: a tracer that
    dies kills it (PTRACE_O_EXITKILL).
    """

    def __init__(self, command: str) -> None:
        """command: words divided by white space; there is no quoting.  Raises KernelError."""
        words = command.split()
        if not words:
            raise KernelError(_NO_SUCH)
        pid = _fork_held(words)
        _, status = os.waitpid(pid, 0)
        self._held = os.WIFSTOPPED(status)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _CANNOT_HOLD:
            raise KernelError(f"cannot hold {words[0]}: a sandbox forbids ptrace(2)")
        if not self._held:
            raise KernelError(_NO_SUCH)
        try:
            syscall.ptrace(syscall.PTRACE_SETOPTIONS, pid, syscall.PTRACE_O_EXITKILL)
            super().__init__(pid)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise

    def start(self) -> None:
        if self._held:
            syscall.ptrace(syscall.PTRACE_DETACH, self.pid)
            self._held = False

    def close(self) -> None:
        """Kill the process if it still runs, as libdtrace does with what it started."""
        if not self._gone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self._gone = True
        super().close()

    def _ended(self, timeout: float) -> bool:
        # The pidfd is readable from the end on; reaping is up to us.
        if self._pidfd >= 0 and not super()._ended(timeout):
            return False
        return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid


def _fork_held(words: list[str]) -> int:
    # The pid of a child that stops right after it has become words[0], or ends if it cannot.
    pid = os.fork()
    if pid:
        return pid
    status = _CANNOT_HOLD
    try:
        # What Python changed for itself is not for others: it ignores SIGPIPE, catches SIGINT.
        for number in (signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        syscall.ptrace(syscall.PTRACE_TRACEME, 0)
        status = _CANNOT_RUN
        os.execvp(words[0], words)
    finally:
        os._exit(status)
