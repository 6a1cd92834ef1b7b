"""Attaching programs to sites, and running BEGIN and END."""

from __future__ import annotations

import errno
import fcntl
import os
from struct import Struct
from typing import TYPE_CHECKING

from dtrace.backend.base import KernelError
from dtrace.backend.linux import syscall
from dtrace.backend.linux.syscall import Memory, explain
from dtrace.probes.desc import RawTracepoint, Syscall, Timer, Tracepoint
from emu.kernel.enums import F_TEST_RUN_ON_CPU

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.linux.kernel import LinuxKernel
    from dtrace.backend.linux.progs import LinuxProg
    from dtrace.probes.desc import Site

_RAW_TRACEPOINT = Struct("<QII")  # name, program fd, pad
# prog_fd, retval, data sizes in and out, data in and out, repeat, duration, ctx sizes in and out,
# ctx in and out, flags, cpu
_TEST_RUN = Struct("<IIIIQQIIIIQQII")
_RAW_CONTEXT = 12 * 8  # bytes: MAX_BPF_FUNC_ARGS u64


class LinuxLink:
    """A program attached to a site: the file descriptors that hold it there.

    Closing a raw tracepoint costs 0.3 ms, a perf tracepoint about 80 ms of waiting for RCU.
    """

    __slots__ = ("_fds",)

    def __init__(self) -> None:
        self._fds: list[int] = []

    def add(self, fd: int) -> None:
        self._fds.append(fd)

    def close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())


def attach(
    link: LinuxLink, prog: LinuxProg, site: Site, kernel: LinuxKernel, cpus: Sequence[int]
) -> None:
    """Attach `prog` to `site`; the file descriptors go to `link` as they are made.

    cpus: where timers run; () for all.  A Syscall is its own tracepoint.
    Raises OSError or KernelError.
    """
    match site:
        case RawTracepoint():
            name = Memory(site.event.encode() + b"\0")
            link.add(
                syscall.bpf_attr(
                    syscall.RAW_TRACEPOINT_OPEN, _RAW_TRACEPOINT, name.address, prog.fd, 0
                )
            )
        case Tracepoint():
            _attach_tracepoint(link, prog, kernel.tracefs.event_id(site.group, site.event))
        case Syscall():
            event = f"sys_{'enter' if site.entry else 'exit'}_{site.name}"
            _attach_tracepoint(link, prog, kernel.tracefs.event_id("syscalls", event))
        case Timer():
            for cpu in site.choose(cpus or kernel.online_cpus()):
                fd = syscall.perf_event_open(
                    syscall.PERF_TYPE_SOFTWARE,
                    syscall.PERF_COUNT_SW_CPU_CLOCK,
                    cpu=cpu,
                    period=site.period,
                    flags=syscall.ATTR_DISABLED,
                )
                link.add(fd)
                _start(fd, prog)
        case _:
            raise KernelError(f"{type(site).__name__} is not a place to attach to")


def _attach_tracepoint(link: LinuxLink, prog: LinuxProg, event_id: int) -> None:
    # One event on one CPU is enough: the program goes onto the tracepoint's own list, which
    # every CPU and process runs (perf_event_attach_bpf_prog(), kernel/trace/bpf_trace.c,
    # e87c6bc3852b, Linux 4.15).
    fd = syscall.perf_event_open(
        syscall.PERF_TYPE_TRACEPOINT, event_id, cpu=0, flags=syscall.ATTR_DISABLED
    )
    link.add(fd)
    _start(fd, prog)


def _start(fd: int, prog: LinuxProg) -> None:
    fcntl.ioctl(fd, syscall.PERF_EVENT_IOC_SET_BPF, prog.fd)
    fcntl.ioctl(fd, syscall.PERF_EVENT_IOC_ENABLE, 0)


class _OnCpu:
    """This thread on one CPU for the length of a `with`, where the process may go there."""

    def __init__(self, cpu: int) -> None:
        self._cpu = cpu
        self._before: set[int] = set()

    def __enter__(self) -> bool:
        before = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, {self._cpu})
        except OSError as error:
            if error.errno != errno.EINVAL:  # a cpuset that leaves that CPU out
                raise
            return False
        self._before = before
        return True

    def __exit__(self, *_: object) -> None:
        if self._before:
            os.sched_setaffinity(0, self._before)


def run_raw_tracepoint(prog: LinuxProg, cpu: int) -> None:
    """Run a RAW_TRACEPOINT program once on `cpu`, in this process.

    The kernel would run it on another CPU from an interrupt, where the current process is a
    chance one; so this thread goes there first.

    Source: bpf_prog_test_run_raw_tp(), net/bpf/test_run.c, 1b4d60ec162f (Linux 5.10).
    """
    context = Memory(_RAW_CONTEXT)
    with _OnCpu(cpu):
        syscall.bpf_attr(
            syscall.PROG_TEST_RUN, _TEST_RUN,
            prog.fd, 0, 0, 0, 0, 0, 0, 0, _RAW_CONTEXT, 0, context.address, 0,
            F_TEST_RUN_ON_CPU, cpu,
        )  # fmt: skip


# A function that does nothing: `nop; ret`.
_CODE = {"x86_64": b"\x90\xc3", "aarch64": b"\x1f\x20\x03\xd5\xc0\x03\x5f\xd6"}


class Doorbell:
    """A function of our own that a uprobe watches: calling it runs a KPROBE program here.

    For kernels without BPF_PROG_TEST_RUN of raw tracepoints.  The function lives in an anonymous
    file (memfd), so nothing is written to disk.
    """

    def __init__(self) -> None:
        """Raises OSError or KernelError where uprobes or executable memory are not to be had."""
        code = _CODE.get(os.uname().machine)
        if code is None:
            raise KernelError(f"machine {os.uname().machine} has no way to run BEGIN and END")
        self._fd = os.memfd_create("dtrace")
        try:
            os.write(self._fd, code)
            # Not writable: a uprobe goes into no mapping that is (valid_vma(), uprobes.c).
            self._function = syscall.map_code(self._fd)
        except BaseException:
            os.close(self._fd)
            raise

    def ring(self, prog: LinuxProg, cpu: int) -> None:
        """Run `prog` once on `cpu`."""
        from dtrace.backend.linux.caps import uprobe_pmu

        path = Memory(f"/proc/self/fd/{self._fd}\0".encode())
        link = LinuxLink()
        try:
            fd = syscall.perf_event_open(
                uprobe_pmu(), 0, pid=0, config1=path.address, flags=syscall.ATTR_DISABLED
            )
            link.add(fd)
            _start(fd, prog)
            with _OnCpu(cpu):
                syscall.call(self._function)
        finally:
            link.close()

    def close(self) -> None:
        if self._fd >= 0:
            syscall.unmap_code(self._function)
            os.close(self._fd)
            self._fd = -1


def attach_error(error: OSError, site: Site) -> KernelError:
    """What a failed attach means."""
    if isinstance(site, RawTracepoint) and error.errno == errno.ENOENT:
        return KernelError(f"raw tracepoint {site.event} does not exist on this kernel")
    return explain(error, f"cannot attach to {site_name(site)}")


def site_name(site: Site) -> str:
    """A site as errors name it."""
    match site:
        case Tracepoint():
            return f"tracepoint {site.group}:{site.event}"
        case RawTracepoint():
            return f"raw tracepoint {site.event}"
        case Syscall():
            return f"system call {site.name}"
        case Timer():
            return f"a timer of {site.period} ns"
        case _:
            return type(site).__name__
