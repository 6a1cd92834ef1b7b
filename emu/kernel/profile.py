"""Kernel: one release as the rest sees it: its traits and its limits.

The only place that compares versions.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.traits import Trait
from emu.kernel.version import KernelVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.kernel.traits import Row

# The releases that tests and `dtlab` run against by default, oldest first.
RELEASES = (
    "4.18",
    "4.19",
    "5.2",
    "5.3",
    "5.4",
    "5.5",
    "5.8",
    "5.10",
    "5.15",
    "6.1",
    "6.6",
    "6.12",
    "6.18",
    "7.2",
    "7.3",
)


class UnknownKernel(ValueError):
    """No profile describes the release that was asked for."""


class Limits(NamedTuple):
    """Sizes the kernel refuses to exceed, for a program that root loads."""

    max_insns: int  # insns in a program
    complexity: int  # insns walked by the verifier
    jump_queue: int  # branches waiting to be walked
    stack: int  # bytes of stack, of one subprog and of a chain of calls
    max_call_depth: int  # frames, the first included
    max_subprogs: int
    max_tail_calls: int  # tail calls one run can make
    max_maps: int  # maps one program can use
    max_raw_tp_args: int  # u64 arguments in a raw tracepoint's or tracing program's context
    max_trace_size: int  # bytes of a tracepoint's record that a program may read


class LimitRow(NamedTuple):
    """A limit's value on kernels that are new enough, or have a trait."""

    since: str | Trait  # "" for the value it always had
    value: int
    source: str


class Build(NamedTuple):
    """A configuration that lacks what every distribution's x86-64 kernel has."""

    lacks: frozenset[Trait]
    source: str


class Series(NamedTuple):
    """A mainline release we know."""

    release: str
    read: str  # the source trees its facts were read in; "" where its neighbours bracket it
    ran: str = ""  # the kernels on which they were confirmed: how many programs, when
    tests: str = ""  # where no kernel ran: the release whose own tests say the same, how many


# By the word behind the release: "6.1.176-uml".  Traits that say "with a JIT" go with it.
BUILDS: dict[str, Build] = {
    "uml": Build(
        frozenset(
            {
                Trait.JIT,
                Trait.BPF_EVENTS,
                Trait.VMLINUX_BTF,
                Trait.MAP_ERROR_U32,
                Trait.PRIVATE_STACK,
                Trait.STACK_DEPTH_BY_16,
                Trait.TAIL_CALL_COUNT_SHARED,
            }
        ),
        "User-mode Linux as Debian builds it, measured on 5.10.46, 6.1.176, 6.12 and 7.2.7",
    ),
}

LIMITS: dict[str, tuple[LimitRow, ...]] = {
    "max_insns": (
        LimitRow("", 4096, "BPF_MAXINSNS"),
        LimitRow(Trait.LARGE_PROGRAMS, 1_000_000, "BPF_COMPLEXITY_LIMIT_INSNS, for root"),
    ),
    "complexity": (
        LimitRow("", 131_072, "BPF_COMPLEXITY_LIMIT_INSNS, read in 4.18.0 and 5.1.0"),
        LimitRow(Trait.LARGE_PROGRAMS, 1_000_000, "BPF_COMPLEXITY_LIMIT_INSNS"),
    ),
    "jump_queue": (
        LimitRow("", 1024, "BPF_COMPLEXITY_LIMIT_STACK, read in 4.18.0 and 5.2.1"),
        LimitRow("5.3", 8192, "BPF_COMPLEXITY_LIMIT_JMP_SEQ, read in 5.3.1"),
    ),
    "stack": (LimitRow("", 512, "MAX_BPF_STACK"),),
    "max_call_depth": (
        LimitRow("", 8, "MAX_CALL_FRAMES"),
        LimitRow("7.2", 16, "MAX_CALL_FRAMES, read in 7.1.3 and 7.2"),
    ),
    "max_subprogs": (LimitRow("", 256, "BPF_MAX_SUBPROGS"),),
    # The counter was compared after the increment until 5.16, when MAX_TAIL_CALL_CNT went from 32
    # to 33: ebf7f6f0a6cd ("bpf: Change value of MAX_TAIL_CALL_CNT from 32 to 33").
    "max_tail_calls": (LimitRow("", 33, "MAX_TAIL_CALL_CNT"),),
    "max_maps": (LimitRow("", 64, "MAX_USED_MAPS"),),
    "max_raw_tp_args": (LimitRow("", 12, "MAX_BPF_FUNC_ARGS"),),
    "max_trace_size": (
        LimitRow("", 2048, "PERF_MAX_TRACE_SIZE, read in 5.14.2"),
        LimitRow("5.15", 8192, "PERF_MAX_TRACE_SIZE, read in 5.16.10"),
    ),
}

# Every mainline release from the oldest to the newest we know, and the trees that were read.
SERIES = (
    Series("4.18", "4.18.0"),
    Series("4.19", "4.19.1, 4.19.95, 4.19.222"),
    Series("4.20", "4.20.0"),
    Series("5.0", "5.0.1"),
    Series("5.1", "5.1.0"),
    Series("5.2", "5.2.1"),
    Series("5.3", "5.3.1"),
    Series("5.4", "5.4.6, 5.4.18, 5.4.286"),
    Series("5.5", "5.5-rc5"),
    Series("5.6", "5.6.4"),
    Series("5.7", "5.7.14"),
    Series("5.8", "5.8.1"),
    Series("5.9", "5.9.1"),
    Series(
        "5.10",
        "5.10.7, Debian 5.10.218, Debian 5.10.262",
        "5.10.262 (verdicts of 12,711 programs), 5.10.218 and 5.10.223 (1,511 each), 5.10.251 and "
        "5.10.257 (659 each), November 2026",
    ),
    Series("5.11", "5.11.0"),
    Series("5.12", "5.12.9"),
    Series("5.13", ""),
    Series("5.14", "5.14-rc5, 5.14.2"),
    Series("5.15", "5.15.16, 5.15.148, 5.15.215", tests="5.15.148 (1,233)"),
    Series("5.16", "5.16.10"),
    Series("5.17", "5.17-rc5"),
    Series("5.18", "5.18.12"),
    Series("5.19", "5.19.0"),
    Series("6.0", "6.0.1"),
    Series(
        "6.1",
        "6.1-rc7, Debian 6.1.176",
        "6.1.180 (verdicts of 12,759 programs), 6.1.170, 6.1.174 and 6.1.177 (659 each), "
        "November 2026",
    ),
    Series("6.2", "6.2.1"),
    Series("6.3", "6.3.8", tests="6.3.8 (1,438)"),
    Series("6.4", "6.4.6", tests="6.4.6 (1,490)"),
    Series("6.5", "6.5.0"),
    Series("6.6", "6.6.9, 6.6.31, 6.6.57", tests="6.6.57 (1,268)"),
    Series("6.7", "6.7.3", tests="6.7.3 (1,309)"),
    Series("6.8", "6.8.1", tests="6.8.1 (1,349)"),
    Series("6.9", "6.9.0", tests="6.9.0 (1,382)"),
    Series("6.10", "6.10.0", tests="6.10.0 (1,476)"),
    Series("6.11", "6.11.4, 6.11.11", tests="6.11.11 (1,452)"),
    Series(
        "6.12",
        "Debian 6.12.107",
        "6.12.107 (verdicts of 12,760 programs), ten releases from 6.12.43 to 6.12.95 (659 each), "
        "November 2026",
    ),
    Series("6.13", "6.13.7"),
    Series("6.14", "6.14.0"),
    Series("6.15", ""),
    Series(
        "6.16",
        "",
        "6.16.12 (verdicts of 7,709 programs), 6.16.3 (659), November 2026",
    ),
    Series(
        "6.17",
        "6.17.0",
        "6.17.13 (verdicts of 5,959 programs), 6.17.8 (659), November 2026",
    ),
    Series(
        "6.18",
        "6.18.2",
        "6.18.44 (verdicts of 12,762 programs), 6.18.5 (5,959), 6.18.15 (2,411), 6.18.9 and "
        "6.18.12 (659 each), November 2026",
    ),
    Series(
        "6.19",
        "6.19.0",
        "6.19.14 (verdicts of 7,131 programs), 6.19.6, 6.19.10 and 6.19.13 (659 each), "
        "November 2026",
    ),
    Series(
        "7.0",
        "7.0.0",
        "7.0.13 (verdicts of 6,811 programs), 7.0.4 and 7.0.9 (659 each), November 2026",
    ),
    Series(
        "7.1",
        "7.1.3",
        "7.1.13 (verdicts of 7,131 programs), 7.1.3 and 7.1.7 (659 each), November 2026",
    ),
    Series(
        "7.2",
        "Debian 7.2.13",
        "7.2.13 (verdicts of 12,762 programs), 7.2.6 and 7.2.11 (659 each), November 2026",
    ),
    Series(
        "7.3",
        "7.3.4",
        "7.3.4 (verdicts of 8,331 programs), November 2026",
    ),
)


@cache
def _parse(release: str) -> KernelVersion:
    return KernelVersion.parse(release)


class Kernel:
    """A kernel release: what it can do, what it gets wrong, how much it allows.

    Made by release() and of_uname(), compared and hashed by name and traits.
    """

    __slots__ = ("confirmed", "limits", "name", "traits", "version")

    def __init__(
        self, name: str, version: KernelVersion, traits: frozenset[Trait], confirmed: str
    ) -> None:
        self.name = name  # "5.10", "5.10.262"
        self.version = version
        self.traits = traits
        self.limits = _limits(version, traits)
        self.confirmed = confirmed  # how its facts are known, for the user to read

    def has(self, trait: Trait) -> bool:
        """Whether this kernel has the feature or the quirk."""
        return trait in self.traits

    def at_least(self, release: str) -> bool:
        """Whether this kernel descends from `release` or a later one: for tables with a `since`."""
        return self.version >= _parse(release)

    def holds(self, since: str | Trait) -> bool:
        """Whether what is there since a release, or where a trait is, is here; "" means always."""
        if isinstance(since, Trait):
            return self.has(since)
        return not since or self.at_least(since)

    def newest(self, releases: Iterable[str]) -> str | None:
        """The latest of `releases` that is not after this kernel; None where all are."""
        known = [r for r in releases if self.at_least(r)]
        return max(known, key=_parse) if known else None

    @staticmethod
    def release(name: str, plus: Iterable[Trait] = (), minus: Iterable[Trait] = ()) -> Kernel:
        """The profile of a mainline ("5.10") or point release ("5.10.262"), or of one of BUILDS
        ("5.10.46-uml").

        plus, minus: traits that a distribution added or took away.

        Raises UnknownKernel for text that is no release and for a release that is older or newer
        than those we know.
        """
        return _profile(name, frozenset(plus), frozenset(minus))

    @staticmethod
    def of_uname(release: str, version: str = "") -> Kernel:
        """The profile of a running kernel, from its uname -r ("6.18.44-1-amd64").

        version: its uname -v, if at hand: Debian tells the point release only there
        ("#1 SMP Debian 5.10.218-1 (2024-06-01)").

        The newest release we know stands for a later one.  Other backports of a distribution are
        not seen: its kernel may have more traits than the profile says.

        Raises UnknownKernel for one older than the oldest release we know.
        """
        found = _version(release)
        last = SERIES[-1].release
        if found.series != last and found > _parse(last):
            return Kernel.release(last)
        _, _, debian = version.partition(" Debian ")
        if debian.startswith(f"{found.series}."):
            found = max(found, _version(debian))
        return Kernel.release(str(found))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Kernel):
            return NotImplemented
        return self.name == other.name and self.traits == other.traits

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Kernel({self.name})"


def _version(release: str) -> KernelVersion:
    try:
        return KernelVersion.parse(release)
    except ValueError as err:
        raise UnknownKernel(str(err)) from None


@lru_cache(maxsize=64)
def _profile(name: str, plus: frozenset[Trait], minus: frozenset[Trait]) -> Kernel:
    version = _version(name)
    series = next((s for s in SERIES if s.release == version.series), None)
    if series is None:
        raise UnknownKernel(
            f"no profile for kernel {name}: known are {SERIES[0].release} to {SERIES[-1].release}"
        )
    traits = frozenset(t for t in Trait if _holds(t.value, version))
    name, suffix, confirmed = str(version), name.rpartition("-")[2], _confirmed(series)
    if build := BUILDS.get(suffix):
        traits -= build.lacks
        name, confirmed = f"{name}-{suffix}", f"{confirmed}; {build.source}"
    return Kernel(name, version, traits - minus | plus, confirmed)


def _reached(points: tuple[str, ...], version: KernelVersion) -> bool:
    """Whether `version` is one of these point releases, or a later one of its series."""
    return any(_parse(p).series == version.series and version >= _parse(p) for p in points)


def _holds(row: Row, version: KernelVersion) -> bool:
    """Whether a kernel of `version` has the row's trait, stable backports included."""
    if _reached(row.reverts, version):
        return False
    changed = _reached(row.backports, version)
    if not row.since and not row.until:
        return changed
    if row.until:
        fixed = changed or version >= _parse(row.until)
        return not fixed and (not row.since or version >= _parse(row.since))
    return changed or not row.since or version >= _parse(row.since)


def _limits(version: KernelVersion, traits: frozenset[Trait]) -> Limits:
    def holds(row: LimitRow) -> bool:
        if isinstance(row.since, Trait):
            return row.since in traits
        return not row.since or version >= _parse(row.since)

    return Limits(
        **{field: [row.value for row in rows if holds(row)][-1] for field, rows in LIMITS.items()}
    )


def _confirmed(series: Series) -> str:
    read = series.read or "the releases before and after"
    ran = f"; confirmed on a running {series.ran}" if series.ran else ""
    tests = f"; its own tests expect the same: {series.tests}" if series.tests else ""
    return f"read from source: {read}{ran}{tests}"
