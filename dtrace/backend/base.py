"""The Kernel protocol: what the session needs of a kernel, real or emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from dtrace.diag import KernelError as KernelError  # for those who import it from here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtrace.probes.desc import Field, Site
    from dtrace.types.model import Type
    from emu.kernel.enums import ProgType
    from emu.kernel.profile import Kernel as Profile
    from emu.prog import MapDef, Prog


class LoadError(KernelError):
    """A program was refused.

    message: the verifier's (or the model's) complaint.
    log: its whole log.
    insn: the instruction that it is about, -1 if unknown.
    """

    def __init__(self, message: str, log: str = "", insn: int = -1) -> None:
        super().__init__(message)
        self.log = log
        self.insn = insn


class Sample(NamedTuple):
    """One record from a buffer."""

    cpu: int
    time: int  # nanoseconds, the kernel's CLOCK_MONOTONIC or the world's clock
    data: bytes


class Map(Protocol):
    """A map that was created.  Values of per-CPU kinds are the CPUs' values one after the other,
    each rounded up to 8 bytes, for all possible CPUs (as bpf(2) has them)."""

    definition: MapDef

    def lookup(self, key: bytes) -> bytes | None: ...
    def update(self, key: bytes, value: bytes) -> None: ...
    def delete(self, key: bytes) -> None: ...
    def items(self) -> Iterator[tuple[bytes, bytes]]: ...


class LoadedProg(Protocol):
    """A program that was loaded."""

    def close(self) -> None: ...


class Link(Protocol):
    """A program attached to a site."""

    def close(self) -> None: ...


def ring_size(size: int, page: int) -> int:
    """Bytes of a ring for at least `size` bytes: pages of `page` bytes, a power of two of them."""
    pages = max(1, -(-size // page))
    return page << (pages - 1).bit_length()


class Buffers(Protocol):
    """Per-CPU output buffers behind a perf event array."""

    size: int  # bytes of each: ring_size() of what was asked for

    def wait(self, timeout: float) -> None:
        """Return when data may be there, a wake-up is due, or after `timeout` seconds.  The
        emulated kernel lets its world go on for that long."""

    def read(self) -> Sequence[Sample]:
        """All records written so far, in order of time."""

    def lost(self) -> dict[int, int]:
        """Records lost since the last call, by CPU (PERF_RECORD_LOST)."""

    def close(self) -> None: ...


class Target(Protocol):
    """A process of -c or -p."""

    pid: int

    def start(self) -> None:
        """Let it run, where it was held."""

    def wait(self, timeout: float) -> bool:
        """Whether it is gone, after at most `timeout` seconds."""


class Kernel(Protocol):
    """A kernel to load programs into.  Every method may raise KernelError."""

    profile: Profile  # traits and limits of this kernel

    @property
    def banner(self) -> str:
        """What invents the data; "" for a real kernel."""

    def possible_cpus(self) -> int:
        """Number of possible CPUs: the length of per-CPU values."""

    def online_cpus(self) -> list[int]: ...

    # What there is to trace (dtrace.providers asks)

    def events(self) -> Iterable[tuple[str, str]]:
        """(group, event) of every tracepoint."""

    def raw_event_args(self, event: str) -> tuple[str, ...]:
        """C types of a raw tracepoint's arguments; () where they are not known."""

    def event_fields(self, group: str, event: str) -> tuple[Field, ...]:
        """Fields of a tracepoint's record, the common_ ones left out."""

    def syscalls(self) -> dict[str, int]:
        """Number by name of the system calls that can be traced."""

    def chip_of(self, cpu: int) -> int:
        """The number of the socket that a CPU is in; 0 if it is not known."""

    def offset_of(self, struct: str, member: str) -> int:
        """Offset in bytes of a member (dots allowed) of a kernel struct, from BTF."""

    def c_type(self, kind: str, name: str) -> Type | None:
        """A type of the kernel's own, as dtrace.types.scope.KernelTypes has it; None where there
        is none of that name, or no BTF."""

    # Loading

    def create_map(self, definition: MapDef) -> Map: ...

    def load(self, prog: Prog, maps: Sequence[Map]) -> LoadedProg:
        """maps[i] is what prog.maps[i] became.  Raises LoadError."""

    def attach(self, prog: LoadedProg, site: Site, cpus: Sequence[int] = ()) -> Link:
        """Let `site` run `prog`; a timer, on those of `cpus` that it is for, or of all CPUs."""

    def begin_prog_type(self) -> ProgType:
        """What BEGIN and END programs must be for run()."""

    def run(self, prog: LoadedProg, cpu: int) -> None:
        """Run a BEGIN or END program once, on `cpu`."""

    def open_buffers(self, array: Map, size: int, cpus: Sequence[int]) -> Buffers:
        """Give `array` (a perf event array) a buffer of `size` bytes for each of `cpus`."""

    # Processes

    def start_process(self, command: str) -> Target:
        """-c: a process that is held until start()."""

    def grab_process(self, pid: int) -> Target:
        """-p: a process that runs already."""

    # Time

    def now(self) -> int:
        """bpf_ktime_get_ns() now."""

    def wall_offset(self) -> int:
        """Nanoseconds to add to now() for time since the epoch."""

    def close(self) -> None: ...
