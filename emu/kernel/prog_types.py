"""PROG_TYPES: what a program of each type gets, may return, and when kernels have it.

Which helpers a type can call stands with the helper: emu.kernel.helpers.available().
Sources: include/linux/bpf_types.h, check_return_code() in kernel/bpf/verifier.c.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel import ctx, socket_ctx
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.traits import Trait

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
    needs: Trait | None = None  # what has to be built in
    attach_checked: str = ""  # the first release that loads none with another attach type


_BOOL = (ReturnRange(0, 1),)
_BINDS = (AttachType.CGROUP_INET4_BIND, AttachType.CGROUP_INET6_BIND)
# Programs that cannot forbid what they see.
ALWAYS_ALLOW = (
    AttachType.CGROUP_UDP4_RECVMSG,
    AttachType.CGROUP_UDP6_RECVMSG,
    AttachType.CGROUP_UNIX_RECVMSG,
    AttachType.CGROUP_INET4_GETPEERNAME,
    AttachType.CGROUP_INET6_GETPEERNAME,
    AttachType.CGROUP_UNIX_GETPEERNAME,
    AttachType.CGROUP_INET4_GETSOCKNAME,
    AttachType.CGROUP_INET6_GETSOCKNAME,
    AttachType.CGROUP_UNIX_GETSOCKNAME,
)

# Those of programs that are attached to many functions later, and name none.
MULTI = (
    *(AttachType.TRACE_FENTRY_MULTI, AttachType.TRACE_FEXIT_MULTI),
    AttachType.TRACE_FSESSION_MULTI,
)

# The releases that brought attach types; the others are older than what is modelled.
ATTACH_SINCE = {
    AttachType.CGROUP_INET4_GETPEERNAME: "5.8",
    AttachType.CGROUP_INET6_GETPEERNAME: "5.8",
    AttachType.CGROUP_INET4_GETSOCKNAME: "5.8",
    AttachType.CGROUP_INET6_GETSOCKNAME: "5.8",
    AttachType.CGROUP_INET_SOCK_RELEASE: "5.9",
    AttachType.SK_REUSEPORT_SELECT: "5.14",
    AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE: "5.14",
    AttachType.MODIFY_RETURN: "5.7",
    AttachType.LSM_MAC: "5.7",
    AttachType.TRACE_ITER: "5.8",
    AttachType.LSM_CGROUP: "6.0",
    AttachType.TRACE_FSESSION: "7.0",
    **dict.fromkeys(MULTI, "7.2"),
    AttachType.CGROUP_UNIX_CONNECT: "6.7",
    AttachType.CGROUP_UNIX_SENDMSG: "6.7",
    AttachType.CGROUP_UNIX_RECVMSG: "6.7",
    AttachType.CGROUP_UNIX_GETPEERNAME: "6.7",
    AttachType.CGROUP_UNIX_GETSOCKNAME: "6.7",
}

PROG_TYPES = (
    ProgTypeRow(ProgType.SOCKET_FILTER, "3.19", "89aa075832b0", ctx.SK_BUFF, tracing=False),
    ProgTypeRow(
        ProgType.KPROBE,
        "4.1",
        "2541517c32be",
        ctx.PT_REGS,
        tracing=True,
        returns=(
            ReturnRange(0, 1, (AttachType.TRACE_KPROBE_SESSION,), since="6.12"),
            ReturnRange(0, 1, (AttachType.TRACE_UPROBE_SESSION,), since="6.13"),
        ),
        attach_types=(
            AttachType.NONE,
            AttachType.TRACE_KPROBE_MULTI,
            AttachType.TRACE_UPROBE_MULTI,
            AttachType.TRACE_KPROBE_SESSION,
            AttachType.TRACE_UPROBE_SESSION,
        ),
        needs=Trait.BPF_EVENTS,
    ),
    *(
        ProgTypeRow(kind, since, commit, context, tracing=True, needs=Trait.BPF_EVENTS)
        for kind, since, commit, context in (
            (ProgType.TRACEPOINT, "4.7", "98b5c2c65c29", ctx.TRACEPOINT),
            (ProgType.PERF_EVENT, "4.9", "0515e5999a46", ctx.PERF_EVENT),
            (ProgType.RAW_TRACEPOINT, "4.17", "c4f6699dfcb8", ctx.RAW_TRACEPOINT),
        )
    ),
    ProgTypeRow(
        ProgType.RAW_TRACEPOINT_WRITABLE,
        "5.2",
        "9df1c28bb752",
        ctx.RAW_TRACEPOINT,
        tracing=False,
        needs=Trait.BPF_EVENTS,
    ),
    ProgTypeRow(
        ProgType.TRACING,
        "5.5",
        "f1b9509c2fb0",
        ctx.TRACING,
        tracing=False,
        returns=(
            ReturnRange(0, 0, (AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT), since="5.6.14"),
            ReturnRange(0, 0, (AttachType.TRACE_FSESSION, *MULTI)),
            ReturnRange(0, 1, (AttachType.TRACE_ITER,)),
        ),
        attach_types=(
            AttachType.TRACE_RAW_TP,
            AttachType.TRACE_FENTRY,
            AttachType.TRACE_FEXIT,
            AttachType.MODIFY_RETURN,
            AttachType.TRACE_ITER,
            AttachType.TRACE_FSESSION,
            *MULTI,
        ),
        needs=Trait.BPF_EVENTS,
    ),
    ProgTypeRow(
        ProgType.LSM,
        "5.7",
        "fc611f47f218",
        ctx.TRACING,
        tracing=False,
        attach_types=(AttachType.LSM_MAC, AttachType.LSM_CGROUP),
        needs=Trait.BPF_EVENTS,
    ),
    ProgTypeRow(
        ProgType.SYSCALL,
        "5.14",
        "79a7f8bdb159",
        ctx.SYSCALL,
        tracing=False,
        attach_checked="5.14",
    ),
    ProgTypeRow(
        ProgType.NETFILTER,
        "6.4",
        "fd9c663b9ad6",
        ctx.NETFILTER,
        tracing=False,
        returns=_BOOL,
        attach_types=(AttachType.NETFILTER,),
        attach_checked="6.4",
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
        attach_types=(AttachType.NONE, AttachType.CGROUP_INET_EGRESS),
        attach_checked="4.17",
    ),
    ProgTypeRow(
        ProgType.CGROUP_SOCK,
        "4.10",
        "610236587600",
        socket_ctx.CGROUP_SOCK,
        tracing=False,
        returns=_BOOL,
        attach_types=(
            *socket_ctx.OF_CREATED,
            AttachType.CGROUP_INET4_POST_BIND,
            AttachType.CGROUP_INET6_POST_BIND,
        ),
        attach_checked="4.17",
    ),
    ProgTypeRow(
        ProgType.CGROUP_SOCK_ADDR,
        "4.17",
        "4fbac77d2d09",
        socket_ctx.CGROUP_SOCK_ADDR,
        tracing=False,
        returns=(
            ReturnRange(1, 1, ALWAYS_ALLOW),
            ReturnRange(0, 3, _BINDS, since="5.12"),
            ReturnRange(0, 1),
        ),
        attach_types=socket_ctx.OF_ADDRESSES,
        attach_checked="4.17",
    ),
    ProgTypeRow(
        ProgType.CGROUP_SOCKOPT,
        "5.3",
        "0d01da6afc54",
        socket_ctx.CGROUP_SOCKOPT,
        tracing=False,
        returns=_BOOL,
        attach_types=(AttachType.CGROUP_GETSOCKOPT, AttachType.CGROUP_SETSOCKOPT),
        attach_checked="4.17",
    ),
    ProgTypeRow(
        ProgType.SK_REUSEPORT,
        "4.19",
        "2dbb9b9e6df6",
        socket_ctx.SK_REUSEPORT,
        tracing=False,
        attach_types=(
            AttachType.NONE,
            AttachType.SK_REUSEPORT_SELECT,
            AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE,
        ),
        attach_checked="5.14",
    ),
    ProgTypeRow(
        ProgType.SK_LOOKUP,
        "5.9",
        "e9ddbb7707ff",
        socket_ctx.SK_LOOKUP,
        tracing=False,
        returns=_BOOL,
        attach_types=(AttachType.SK_LOOKUP,),
        attach_checked="4.17",
    ),
    *(
        ProgTypeRow(kind, since, commit, context, tracing=False, returns=returns)
        for kind, since, commit, context, returns in (
            (ProgType.LWT_IN, "4.10", "3a0af8fd61f9", socket_ctx.LWT_SK_BUFF, ()),
            (ProgType.LWT_OUT, "4.10", "3a0af8fd61f9", socket_ctx.LWT_SK_BUFF, ()),
            (ProgType.LWT_XMIT, "4.10", "3a0af8fd61f9", socket_ctx.LWT_SK_BUFF, ()),
            (ProgType.SOCK_OPS, "4.13", "40304b2a1567", socket_ctx.SOCK_OPS, _BOOL),
            (ProgType.SK_SKB, "4.14", "b005fd189cec", socket_ctx.SK_SKB, ()),
            (ProgType.CGROUP_DEVICE, "4.15", "ebc614f68736", socket_ctx.CGROUP_DEVICE, _BOOL),
            (ProgType.SK_MSG, "4.17", "4f738adba30a", socket_ctx.SK_MSG, ()),
            (ProgType.LWT_SEG6LOCAL, "4.18", "004d4b274e2a", socket_ctx.LWT_SK_BUFF, ()),
            (ProgType.FLOW_DISSECTOR, "4.20", "d58e468b1112", ctx.FLOW_DISSECTOR_SK_BUFF, ()),
            (ProgType.CGROUP_SYSCTL, "5.2", "7b146cebe30c", socket_ctx.CGROUP_SYSCTL, _BOOL),
        )
    ),
)


@cache
def _types() -> dict[ProgType, ProgTypeRow]:
    return {row.type: row for row in PROG_TYPES}


def by_type(prog_type: ProgType) -> ProgTypeRow | None:
    """The row of a program type; None for those that nothing here has a use for."""
    return _types().get(prog_type)


def ctx_struct(prog_type: ProgType) -> str:
    """The structure that programs of a type know their context by; "" where it is none."""
    row = by_type(prog_type)
    return row.ctx.name if row else ""


def exists(kernel: Kernel, row: ProgTypeRow) -> bool:
    """Whether `kernel` has programs of the type."""
    return kernel.at_least(row.since) and (row.needs is None or kernel.has(row.needs))


def takes_attach_type(kernel: Kernel, row: ProgTypeRow, attach_type: int) -> bool:
    """Whether programs of the type have the attach type: bpf_prog_load_check_attach()."""
    if not row.attach_checked or not kernel.at_least(row.attach_checked):
        return True
    if attach_type not in row.attach_types:
        return False
    since = ATTACH_SINCE.get(AttachType(attach_type))
    return since is None or kernel.at_least(since)


def attach_type_meant(prog_type: int, attach_type: int) -> int:
    """The attach type of a program that names none: bpf_prog_load_fixup_attach_type()."""
    if prog_type == ProgType.CGROUP_SOCK and not attach_type:
        return AttachType.CGROUP_INET_SOCK_CREATE
    return attach_type


def return_range(kernel: Kernel, prog_type: ProgType, attach_type: int) -> ReturnRange | None:
    """What a program may return on `kernel`; None where any number will do."""
    row = by_type(prog_type)
    for allowed in row.returns if row else ():
        if allowed.since and not kernel.at_least(allowed.since):
            continue
        if not allowed.attach_types or attach_type in allowed.attach_types:
            return allowed
    return None
