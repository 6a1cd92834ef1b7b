"""Which programs there are: one for a probe, or one for many system calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.codegen.tramp import Member
from dtrace.probes.desc import (
    Begin,
    End,
    Error,
    RawTracepoint,
    Site,
    Syscall,
    Timer,
    Tracepoint,
)
from emu.kernel.enums import ProgType

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.probes.desc import Probe

# From this many system calls of one kind on they share one program on a raw tracepoint.  Closing a
# perf tracepoint takes the kernel 60 to 80 ms, a raw one 0.3 ms; but the raw one runs for every
# system call on the machine, some 80 ns each (benchmarks, "syscall sites").
MANY_SYSCALLS = 5

PROG_TYPES: dict[type, ProgType] = {
    Timer: ProgType.PERF_EVENT,
    Tracepoint: ProgType.TRACEPOINT,
    RawTracepoint: ProgType.RAW_TRACEPOINT,
    Syscall: ProgType.TRACEPOINT,
}


class Planned(NamedTuple):
    """One program to build.

    site: where it is attached.  groups: its probes, those with the same clauses together; just one
    probe unless it selects by system call.
    """

    site: Site
    type: ProgType
    groups: tuple[tuple[Member, ...], ...]

    @property
    def selects(self) -> bool:
        """Whether the program is for many system calls."""
        return isinstance(self.site, RawTracepoint) and isinstance(
            self.groups[0][0].probe.site, Syscall
        )


def plan(members: list[Member], session_type: ProgType) -> list[Planned]:
    """The programs for `members`, ERROR left out.

    session_type: the program type with which this kernel runs BEGIN and END.
    """
    planned = []
    for entry in (True, False):
        same = [m for m in members if _is_call(m.probe.site, entry=entry)]
        if len(same) >= MANY_SYSCALLS:
            event = "sys_enter" if entry else "sys_exit"
            site = RawTracepoint(event, 2)
            planned.append(Planned(site, ProgType.RAW_TRACEPOINT, _groups(same)))
            members = [m for m in members if m not in same]
    for member in members:
        if isinstance(member.probe.site, (Begin, End)):
            planned.append(Planned(member.probe.site, session_type, ((member,),)))
        elif not isinstance(member.probe.site, Error):
            site_type = PROG_TYPES[type(member.probe.site)]
            planned.append(Planned(_attach_site(member.probe), site_type, ((member,),)))
    return planned


def _is_call(site: Site, *, entry: bool) -> bool:
    # Entries or returns that a program can select by number.
    return isinstance(site, Syscall) and site.entry is entry and site.number >= 0


def _attach_site(probe: Probe) -> Site:
    # A system call of its own is attached through its tracepoint.
    site = probe.site
    if not isinstance(site, Syscall):
        return site
    return Tracepoint("syscalls", f"sys_{'enter' if site.entry else 'exit'}_{site.name}")


def _groups(members: list[Member]) -> tuple[tuple[Member, ...], ...]:
    groups: dict[tuple[ClauseGen, ...], list[Member]] = {}
    for member in members:
        groups.setdefault(member.clauses, []).append(member)
    return tuple(tuple(group) for group in groups.values())
