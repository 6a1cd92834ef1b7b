"""Probe: something that can fire; Site: where in the kernel it fires; ProbeDesc: a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class ArgDef(NamedTuple):
    """A typed probe argument: args[n]."""

    type: str  # C type, as a D declaration would write it: "const char *"
    mapping: int = -1  # which native argument it is; -1: the one of the same index
    user: bool = False  # a pointer into the process
    xlate: str = ""  # translated type, "" for none


class Begin(NamedTuple):
    """Fired by the session before anything else."""


class End(NamedTuple):
    """Fired by the session after everything else."""


class Error(NamedTuple):
    """Fired by a fault in another probe's clause, inside the same program."""


class Timer(NamedTuple):
    """A CPU clock: profile-n on every CPU, tick-n on one."""

    period: int  # nanoseconds
    every_cpu: bool

    def choose(self, cpus: Sequence[int]) -> Sequence[int]:
        """Those of `cpus` that it runs on."""
        return cpus if self.every_cpu else cpus[:1]


class Field(NamedTuple):
    """A field of a tracepoint record, from tracefs's `format` file."""

    name: str
    type: str  # C type
    offset: int  # bytes from the record's start
    size: int
    signed: bool


class Tracepoint(NamedTuple):
    """A tracepoint through perf: the program's context is the record that `fields` describe."""

    group: str  # tracefs group: "syscalls", "sched"
    event: str  # "sys_enter_read"
    fields: tuple[Field, ...] = ()  # without the common_ ones; empty until they are needed


class RawTracepoint(NamedTuple):
    """A raw tracepoint: the program's context is up to 12 u64 arguments."""

    event: str
    nargs: int = 12


class Syscall(NamedTuple):
    """A system call's entry or return.  The linker decides between the call's own tracepoint
    and one program on the raw tracepoint sys_enter or sys_exit that selects by number."""

    name: str  # "read"
    number: int  # as in asm/unistd_64.h; -1: only its tracepoint is known
    entry: bool


Site = Begin | End | Error | Timer | Tracepoint | RawTracepoint | Syscall


class Probe(NamedTuple):
    """A probe, with the id that `-l` shows."""

    id: int
    provider: str
    module: str
    function: str
    name: str
    site: Site
    args: tuple[ArgDef, ...] = ()

    def __str__(self) -> str:
        return f"{self.provider}:{self.module}:{self.function}:{self.name}"


# Builtin variables that are a part of the name of the probe that fired.
PROBE_PARTS = ("probeprov", "probemod", "probefunc", "probename")


def name_part(probe: Probe, builtin: str) -> str:
    """What `builtin`, one of PROBE_PARTS, is for `probe`."""
    parts = (probe.provider, probe.module, probe.function, probe.name)
    return parts[PROBE_PARTS.index(builtin)]


class ProbeDesc(NamedTuple):
    """A description: four patterns, "" or "*" for any.  id > 0: a probe by number."""

    provider: str = ""
    module: str = ""
    function: str = ""
    name: str = ""
    id: int = 0
