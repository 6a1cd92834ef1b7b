"""PROG_TYPES: what a program of each type gets, may return, and when kernels have it.

Which helpers a type can call stands with the helper: emu.kernel.helpers.available().
Sources: include/linux/bpf_types.h, check_return_code() in kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel import ctx
from emu.kernel.enums import AttachType, ProgType

if TYPE_CHECKING:
    from emu.kernel.ctx import Context
    from emu.kernel.profile import Kernel


class ReturnRange(NamedTuple):
    """Values the verifier lets a program return."""

    low: int
    high: int
    attach_types: tuple[AttachType, ...] = ()  # () means all
    since: str = ""


class ProgTypeRow(NamedTuple):
    """A program type."""

    type: ProgType
    since: str
    commit: str
    ctx: Context
    tracing: bool  # the rules for tracing programs hold: no spin locks, no timers before 7.0
    returns: tuple[ReturnRange, ...] = ()  # where none holds, any number is allowed
    attach_types: tuple[AttachType, ...] = (AttachType.NONE,)


_BOOL = (ReturnRange(0, 1),)
_BINDS = (AttachType.CGROUP_INET4_BIND, AttachType.CGROUP_INET6_BIND)
_BIND = (ReturnRange(0, 3, _BINDS, since="5.12"), ReturnRange(0, 1))

PROG_TYPES = (
    ProgTypeRow(ProgType.SOCKET_FILTER, "3.19", "89aa075832b0", ctx.SK_BUFF, tracing=False),
    ProgTypeRow(
        ProgType.KPROBE,
        "4.1",
        "2541517c32be",
        ctx.PT_REGS,
        tracing=True,
        returns=(
            ReturnRange(
                0,
                1,
                (AttachType.TRACE_KPROBE_SESSION, AttachType.TRACE_UPROBE_SESSION),
                since="6.13",
            ),
        ),
        attach_types=(
            AttachType.NONE,
            AttachType.TRACE_KPROBE_MULTI,
            AttachType.TRACE_UPROBE_MULTI,
            AttachType.TRACE_KPROBE_SESSION,
            AttachType.TRACE_UPROBE_SESSION,
        ),
    ),
    ProgTypeRow(ProgType.TRACEPOINT, "4.7", "98b5c2c65c29", ctx.TRACEPOINT, tracing=True),
    ProgTypeRow(ProgType.PERF_EVENT, "4.9", "0515e5999a46", ctx.PERF_EVENT, tracing=True),
    ProgTypeRow(ProgType.RAW_TRACEPOINT, "4.17", "c4f6699dfcb8", ctx.RAW_TRACEPOINT, tracing=True),
    ProgTypeRow(
        ProgType.RAW_TRACEPOINT_WRITABLE,
        "5.2",
        "9df1c28bb752",
        ctx.RAW_TRACEPOINT,
        tracing=False,
    ),
    ProgTypeRow(
        ProgType.TRACING,
        "5.5",
        "f1b9509c2fb0",
        ctx.TRACING,
        tracing=False,
        returns=(
            ReturnRange(0, 0, (AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT), since="5.6"),
            ReturnRange(0, 1, (AttachType.TRACE_ITER,)),
        ),
        attach_types=(
            AttachType.TRACE_RAW_TP,
            AttachType.TRACE_FENTRY,
            AttachType.TRACE_FEXIT,
            AttachType.MODIFY_RETURN,
            AttachType.TRACE_ITER,
        ),
    ),
    ProgTypeRow(ProgType.SCHED_CLS, "4.1", "96be4325f443", ctx.TC_SK_BUFF, tracing=False),
    ProgTypeRow(ProgType.SCHED_ACT, "4.1", "94caee8c312d", ctx.TC_SK_BUFF, tracing=False),
    ProgTypeRow(ProgType.XDP, "4.8", "6a773a15a1e8", ctx.XDP_MD, tracing=False),
    ProgTypeRow(
        ProgType.CGROUP_SKB,
        "4.10",
        "0e33661de493",
        ctx.CGROUP_SK_BUFF,
        tracing=False,
        returns=(
            ReturnRange(0, 1, (AttachType.NONE,)),
            ReturnRange(0, 3, (AttachType.CGROUP_INET_EGRESS,), since="5.2"),
            ReturnRange(0, 1),
        ),
    ),
    *(
        ProgTypeRow(kind, since, commit, context, tracing=False, returns=returns)
        for kind, since, commit, context, returns in (
            (ProgType.CGROUP_SOCK, "4.10", "610236587600", ctx.FIRST_WORD, _BOOL),
            (ProgType.SOCK_OPS, "4.13", "40304b2a1567", ctx.FIRST_WORD, _BOOL),
            (ProgType.CGROUP_DEVICE, "4.15", "ebc614f68736", ctx.FIRST_WORD, _BOOL),
            (ProgType.CGROUP_SOCK_ADDR, "4.17", "4fbac77d2d09", ctx.FIRST_WORD, _BIND),
            (ProgType.CGROUP_SYSCTL, "5.2", "7b146cebe30c", ctx.FIRST_WORD, _BOOL),
            (ProgType.SK_LOOKUP, "5.9", "e9ddbb7707ff", ctx.SK_LOOKUP, _BOOL),
        )
    ),
)


def by_type(prog_type: ProgType) -> ProgTypeRow | None:
    """The row of a program type; None for those that nothing here has a use for."""
    return next((row for row in PROG_TYPES if row.type == prog_type), None)


def return_range(kernel: Kernel, prog_type: ProgType, attach_type: int) -> ReturnRange | None:
    """What a program may return on `kernel`; None where any number will do."""
    row = by_type(prog_type)
    for allowed in row.returns if row else ():
        if allowed.since and not kernel.at_least(allowed.since):
            continue
        if not allowed.attach_types or attach_type in allowed.attach_types:
            return allowed
    return None
