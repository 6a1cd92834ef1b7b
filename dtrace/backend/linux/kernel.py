"""LinuxKernel: the kernel we run on, behind the Kernel protocol."""

from __future__ import annotations

import os
import time
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from dtrace.backend.base import KernelError
from dtrace.backend.linux import attach, syscall
from dtrace.backend.linux.maps import LinuxMap
from dtrace.backend.linux.progs import LinuxProg
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel as Profile
from emu.kernel.profile import UnknownKernel
from emu.kernel.traits import Trait
from emu.kernel.version import KernelVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Protocol

    from dtrace.backend.base import LoadedProg, Map
    from dtrace.backend.linux.buffers import PerfBuffers
    from dtrace.backend.linux.process import Process
    from dtrace.backend.linux.tracefs import Tracefs
    from dtrace.probes.desc import Field, Site
    from dtrace.types.btf import Btf
    from dtrace.types.model import Type
    from emu.prog import MapDef, Prog

    class _Closable(Protocol):
        def close(self) -> None: ...


_T = TypeVar("_T")

_CPUS = "/sys/devices/system/cpu"


def parse_cpu_list(text: str) -> list[int]:
    """The CPUs of a list as sysfs writes it: "0-2,5" is [0, 1, 2, 5]."""
    cpus: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus.extend(range(int(first), int(last or first) + 1))
    return cpus


class LinuxKernel:
    """The running kernel.  Nothing is opened or read before it is needed; close() undoes all.

    A `with` statement closes it.  Everything that is attached hangs on file descriptors, so it
    goes with the process even when nothing closes it.
    """

    banner = ""

    def __init__(self) -> None:
        """Raises KernelError where the release is older than any profile."""
        self._release = os.uname().release
        try:
            self.profile = Profile.of_uname(self._release)
        except UnknownKernel as error:
            raise KernelError(str(error)) from None
        self._open: list[_Closable] = []  # in the order of creation
        self._processes: list[Process] = []
        self._buffers: list[PerfBuffers] = []
        self._doorbell: attach.Doorbell | None = None

    # -- The machine

    @cached_property
    def _possible(self) -> int:
        return parse_cpu_list(_sysfs("possible"))[-1] + 1

    def possible_cpus(self) -> int:
        return self._possible

    def online_cpus(self) -> list[int]:
        return parse_cpu_list(_sysfs("online"))

    # -- What there is to trace

    @cached_property
    def tracefs(self) -> Tracefs:
        from dtrace.backend.linux.tracefs import Tracefs

        return Tracefs()

    @cached_property
    def btf(self) -> Btf:
        """The kernel's own types."""
        from dtrace.types.btf_cache import vmlinux
        from emu.btf import BtfError

        try:
            return vmlinux()
        except BtfError as error:
            raise KernelError(str(error)) from None

    @cached_property
    def _events(self) -> list[tuple[str, str]]:
        return self.tracefs.events()

    def events(self) -> list[tuple[str, str]]:
        return self._events

    def event_fields(self, group: str, event: str) -> tuple[Field, ...]:
        return self.tracefs.fields(group, event)

    def raw_event_args(self, event: str) -> tuple[str, ...]:
        """C types of a raw tracepoint's arguments; () where BTF does not tell.

        Source: btf_trace_##call, include/trace/bpf_probe.h, e8c423fb31fa (Linux 5.5); the first
        parameter is the tracepoint's own data.
        """
        from emu.btf import BtfError

        try:
            return self.btf.raw_event_args(event)
        except (KernelError, BtfError):
            return ()

    def syscalls(self) -> dict[str, int]:
        """In the order of available_events.  -1: a call whose number the table does not have."""
        from emu.kernel.syscalls import by_name

        prefix = "sys_enter_"
        names = [
            event[len(prefix) :]
            for group, event in self._events
            if group == "syscalls" and event.startswith(prefix)
        ]
        # The table has the numbers of x86-64.
        rows = by_name() if os.uname().machine == "x86_64" else {}
        return {name: rows[name].number if name in rows else -1 for name in names}

    def chip_of(self, cpu: int) -> int:
        try:
            with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id") as file:
                return int(file.read())
        except (OSError, ValueError):
            return 0

    def offset_of(self, struct: str, member: str) -> int:
        from emu.btf import BtfError

        try:
            return self.btf.struct_offset(struct, member)
        except BtfError as error:
            raise KernelError(str(error)) from None

    def c_type(self, kind: str, name: str) -> Type | None:
        from emu.btf import BtfError

        try:
            return self.btf.type(kind, name)
        except (KernelError, BtfError):
            return None

    # -- Loading

    def create_map(self, definition: MapDef) -> LinuxMap:
        if not self.profile.has(Trait.MEMLOCK_BY_MEMCG):
            _lift_memlock()
        if definition.frozen and not self.profile.has(Trait.MAP_FREEZE):
            definition = definition._replace(frozen=False)
        made = LinuxMap(definition, self.possible_cpus())
        self._open.append(made)
        return made

    def load(self, prog: Prog, maps: Sequence[Map]) -> LinuxProg:
        fds = [_own(map_, LinuxMap).fd for map_ in maps]
        btf_id = self.btf.function_id(prog.attach_to) if prog.attach_to else 0
        if not self.profile.has(Trait.LINE_INFO):
            prog = prog._replace(func_info=(), line_info=())
        loaded = LinuxProg(prog, fds, self._version_code(), btf_id)
        self._open.append(loaded)
        return loaded

    def attach(self, prog: LoadedProg, site: Site, cpus: Sequence[int] = ()) -> attach.LinuxLink:
        link = attach.LinuxLink()
        self._open.append(link)
        try:
            attach.attach(link, _own(prog, LinuxProg), site, self, cpus)
        except OSError as error:
            link.close()
            raise attach.attach_error(error, site) from None
        except BaseException:
            link.close()
            raise
        return link

    def begin_prog_type(self) -> ProgType:
        """What BEGIN and END programs must be for run()."""
        if self.profile.has(Trait.RAW_TP_TEST_RUN):
            return ProgType.RAW_TRACEPOINT
        return ProgType.KPROBE

    def run(self, prog: LoadedProg, cpu: int) -> None:
        """Run a RAW_TRACEPOINT program by BPF_PROG_TEST_RUN, a KPROBE program by a uprobe."""
        own = _own(prog, LinuxProg)
        try:
            if own.prog.type == ProgType.RAW_TRACEPOINT:
                attach.run_raw_tracepoint(own, cpu)
                return
            if self._doorbell is None:
                self._doorbell = attach.Doorbell()
                self._open.append(self._doorbell)
            self._doorbell.ring(own, cpu)
        except OSError as error:
            raise syscall.explain(error, f"cannot run {own.prog.name}") from None

    def open_buffers(self, array: Map, size: int, cpus: Sequence[int]) -> PerfBuffers:
        from dtrace.backend.linux.buffers import PerfBuffers

        made = PerfBuffers(_own(array, LinuxMap), size, cpus)
        self._open.append(made)
        self._buffers.append(made)
        for process in self._processes:
            made.watch(process.fileno())
        return made

    # -- Processes

    def start_process(self, command: str) -> Process:
        from dtrace.backend.linux.process import Command

        return self._watched(Command(command))

    def grab_process(self, pid: int) -> Process:
        from dtrace.backend.linux.process import Process

        return self._watched(Process(pid))

    # The buffers' wait() returns when the process ends.
    def _watched(self, process: Process) -> Process:
        self._open.append(process)
        self._processes.append(process)
        for buffers in self._buffers:
            buffers.watch(process.fileno())
        return process

    # -- Time

    def now(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    def wall_offset(self) -> int:
        """Of the shortest of three readings: a pause between the two clocks would be an error."""
        readings = []
        for _ in range(3):
            before, wall, after = self.now(), time.time_ns(), self.now()
            readings.append((after - before, wall - (before + after) // 2))
        return min(readings)[1]

    def close(self) -> None:
        """Detach and free everything, what was made last first."""
        while self._open:
            self._open.pop().close()

    def __enter__(self) -> LinuxKernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _version_code(self) -> int:
        version = KernelVersion.parse(self._release)
        return version.major << 16 | version.minor << 8 | min(version.patch, 255)


def _own(thing: object, kind: type[_T]) -> _T:
    # Maps and programs of another kernel have no file descriptor here.
    if not isinstance(thing, kind):
        raise KernelError(f"{type(thing).__name__} does not belong to this kernel")
    return thing


def _sysfs(name: str) -> str:
    try:
        with open(f"{_CPUS}/{name}") as file:
            return file.read()
    except OSError as error:
        raise KernelError(f"{_CPUS}/{name}: {error.strerror}: is sysfs mounted?") from None


def _lift_memlock() -> None:
    # Best effort: without the privilege, creating the map says so.
    import contextlib
    import resource

    limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, limit)
