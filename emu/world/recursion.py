"""Recursion: programs that do not run because one runs on that CPU already.

Sources: trace_call_bpf(), trace_call_bpf_faultable() and __bpf_trace_run() in
kernel/trace/bpf_trace.c, __bpf_prog_enter() in kernel/bpf/trampoline.c, bpf_overflow_handler() in
kernel/events/core.c; for kprobes themselves reenter_kprobe() in arch/x86/kernel/kprobes/core.c.
A program of type KPROBE counts as a kprobe's; that some are at uprobes is not told apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import ProgType
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.kernel.profile import Kernel
    from emu.prog import Prog


class Guard(NamedTuple):
    """What keeps a type's programs from running inside others."""

    shared: bool  # bpf_prog_active, one for all types that have it; else the program's own counter
    needs: Trait | None = None  # kernels without it have no guard
    counted: Trait | None = None  # kernels without it do not count what is missed
    never_counted: bool = False


GUARDS: dict[ProgType, Guard] = {
    ProgType.KPROBE: Guard(shared=True, counted=Trait.RECURSION_MISSES_OF_EVENTS),
    ProgType.TRACEPOINT: Guard(shared=True, counted=Trait.RECURSION_MISSES_OF_EVENTS),
    ProgType.PERF_EVENT: Guard(shared=True, never_counted=True),
    ProgType.RAW_TRACEPOINT: Guard(shared=False, needs=Trait.RAW_TP_RECURSION),
    ProgType.RAW_TRACEPOINT_WRITABLE: Guard(shared=False, needs=Trait.RAW_TP_RECURSION),
    ProgType.TRACING: Guard(shared=False, needs=Trait.TRACING_RECURSION),
}


# What programs at the tracepoints of system calls have where these may fault.
_FAULTABLE = Guard(shared=False)


class Firing(NamedTuple):
    """A program at a probe."""

    prog: Prog
    syscall: bool = False  # at a system call's own tracepoint, of group `syscalls`


class Miss(NamedTuple):
    """Why a program did not run."""

    probe: bool  # the kprobe was hit in a kprobe's handler: its `nmissed`
    counted: bool  # the program's `recursion_misses` tells


def missed(kernel: Kernel, firing: Firing, running: Sequence[Firing]) -> Miss | None:
    """Why a program would not run now; None where it runs.

    running: those that have begun and not ended on its CPU.
    """
    prog = firing.prog
    if prog.type == ProgType.KPROBE and any(
        other.prog.type == ProgType.KPROBE for other in running
    ):
        return Miss(probe=True, counted=False)
    guard = guard_of(kernel, firing)
    if guard is None:
        return None
    if guard.shared:
        busy = any((g := guard_of(kernel, other)) and g.shared for other in running)
    else:
        busy = any(other.prog is prog for other in running)
    if not busy:
        return None
    counted = guard.counted is None or kernel.has(guard.counted)
    return Miss(probe=False, counted=counted and not guard.never_counted)


def guard_of(kernel: Kernel, firing: Firing) -> Guard | None:
    """The guard that `kernel` has for a program at a probe; None where it has none."""
    if firing.syscall and kernel.has(Trait.SYSCALL_TRACEPOINTS_FAULT):
        return _FAULTABLE
    guard = GUARDS.get(firing.prog.type)
    if guard is None or (guard.needs and not kernel.has(guard.needs)):
        return None
    return guard
