"""SECTIONS: what the name of a program's section says of the program.

Source: tools/lib/bpf/libbpf.c, section_defs; Documentation/bpf/libbpf/program_types.rst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import F_SLEEPABLE, F_XDP_HAS_FRAGS, AttachType, ProgType

if TYPE_CHECKING:
    from collections.abc import Iterator


class SectionRow(NamedTuple):
    """A family of section names: `name` alone, and `name/anything`."""

    name: str
    type: ProgType
    attach_type: AttachType = AttachType.NONE
    flags: int = 0  # BPF_F_*
    # What follows the slash is the kernel function, Prog.attach_to, when this stands before it:
    # btf_get_kernel_prefix_kind().  None where it is something else.
    prefix: str | None = None


def _may_sleep(row: SectionRow) -> tuple[SectionRow, SectionRow]:
    """A family, and those of its programs that may sleep."""
    return row, row._replace(name=f"{row.name}.s", flags=F_SLEEPABLE)


def _tracing(name: str, attach: AttachType, prefix: str = "") -> tuple[SectionRow, SectionRow]:
    """Programs at a kernel function."""
    return _may_sleep(SectionRow(name, ProgType.TRACING, attach, prefix=prefix))


def _probe(name: str, attach: AttachType = AttachType.NONE) -> SectionRow:
    return SectionRow(name, ProgType.KPROBE, attach)


def _probes(name: str, attach: AttachType = AttachType.NONE) -> tuple[SectionRow, SectionRow]:
    return _may_sleep(_probe(name, attach))


def _cgroup(type_: ProgType, **names: AttachType) -> Iterator[SectionRow]:
    """Programs of control groups, whose section's second part says what they attach to."""
    return (SectionRow(f"cgroup/{name}", type_, attach) for name, attach in names.items())


SECTIONS = (
    _probe("kprobe"),
    _probe("kretprobe"),
    *_probes("uprobe"),
    *_probes("uretprobe"),
    _probe("kprobe.multi", AttachType.TRACE_KPROBE_MULTI),
    _probe("kretprobe.multi", AttachType.TRACE_KPROBE_MULTI),
    _probe("kprobe.session", AttachType.TRACE_KPROBE_SESSION),
    *_probes("uprobe.multi", AttachType.TRACE_UPROBE_MULTI),
    *_probes("uretprobe.multi", AttachType.TRACE_UPROBE_MULTI),
    *_probes("uprobe.session", AttachType.TRACE_UPROBE_SESSION),
    _probe("ksyscall"),
    _probe("kretsyscall"),
    *_probes("usdt"),
    *_may_sleep(SectionRow("tracepoint", ProgType.TRACEPOINT)),
    *_may_sleep(SectionRow("tp", ProgType.TRACEPOINT)),
    *_may_sleep(SectionRow("raw_tracepoint", ProgType.RAW_TRACEPOINT)),
    *_may_sleep(SectionRow("raw_tp", ProgType.RAW_TRACEPOINT)),
    SectionRow("raw_tracepoint.w", ProgType.RAW_TRACEPOINT_WRITABLE),
    SectionRow("raw_tp.w", ProgType.RAW_TRACEPOINT_WRITABLE),
    SectionRow("perf_event", ProgType.PERF_EVENT),
    *_tracing("fentry", AttachType.TRACE_FENTRY),
    *_tracing("fexit", AttachType.TRACE_FEXIT),
    *_tracing("fmod_ret", AttachType.MODIFY_RETURN),
    *_tracing("fsession", AttachType.TRACE_FSESSION),
    *_may_sleep(SectionRow("fentry.multi", ProgType.TRACING, AttachType.TRACE_FENTRY_MULTI)),
    *_may_sleep(SectionRow("fexit.multi", ProgType.TRACING, AttachType.TRACE_FEXIT_MULTI)),
    *_may_sleep(SectionRow("fsession.multi", ProgType.TRACING, AttachType.TRACE_FSESSION_MULTI)),
    *_tracing("iter", AttachType.TRACE_ITER, "bpf_iter_"),
    *_tracing("tp_btf", AttachType.TRACE_RAW_TP, "btf_trace_"),
    *_may_sleep(SectionRow("lsm", ProgType.LSM, AttachType.LSM_MAC, prefix="bpf_lsm_")),
    SectionRow("lsm_cgroup", ProgType.LSM, AttachType.LSM_CGROUP, prefix="bpf_lsm_"),
    SectionRow("freplace", ProgType.EXT, prefix=""),
    SectionRow("syscall", ProgType.SYSCALL, flags=F_SLEEPABLE),
    *_may_sleep(SectionRow("struct_ops", ProgType.STRUCT_OPS)),
    SectionRow("socket", ProgType.SOCKET_FILTER),
    SectionRow("sk_reuseport", ProgType.SK_REUSEPORT, AttachType.SK_REUSEPORT_SELECT),
    SectionRow(
        "sk_reuseport/migrate", ProgType.SK_REUSEPORT, AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE
    ),
    SectionRow("sk_lookup", ProgType.SK_LOOKUP, AttachType.SK_LOOKUP),
    SectionRow("sk_skb", ProgType.SK_SKB),
    SectionRow("sk_skb/stream_parser", ProgType.SK_SKB, AttachType.SK_SKB_STREAM_PARSER),
    SectionRow("sk_skb/stream_verdict", ProgType.SK_SKB, AttachType.SK_SKB_STREAM_VERDICT),
    SectionRow("sk_skb/verdict", ProgType.SK_SKB, AttachType.SK_SKB_VERDICT),
    SectionRow("sk_msg", ProgType.SK_MSG, AttachType.SK_MSG_VERDICT),
    SectionRow("sockops", ProgType.SOCK_OPS, AttachType.CGROUP_SOCK_OPS),
    SectionRow("tc", ProgType.SCHED_CLS),
    SectionRow("tc/ingress", ProgType.SCHED_CLS, AttachType.TCX_INGRESS),
    SectionRow("tc/egress", ProgType.SCHED_CLS, AttachType.TCX_EGRESS),
    SectionRow("tcx/ingress", ProgType.SCHED_CLS, AttachType.TCX_INGRESS),
    SectionRow("tcx/egress", ProgType.SCHED_CLS, AttachType.TCX_EGRESS),
    SectionRow("netkit/primary", ProgType.SCHED_CLS, AttachType.NETKIT_PRIMARY),
    SectionRow("netkit/peer", ProgType.SCHED_CLS, AttachType.NETKIT_PEER),
    SectionRow("classifier", ProgType.SCHED_CLS),
    SectionRow("action", ProgType.SCHED_ACT),
    SectionRow("xdp", ProgType.XDP, AttachType.XDP),
    SectionRow("xdp/devmap", ProgType.XDP, AttachType.XDP_DEVMAP),
    SectionRow("xdp/cpumap", ProgType.XDP, AttachType.XDP_CPUMAP),
    SectionRow("xdp.frags", ProgType.XDP, AttachType.XDP, F_XDP_HAS_FRAGS),
    SectionRow("xdp.frags/devmap", ProgType.XDP, AttachType.XDP_DEVMAP, F_XDP_HAS_FRAGS),
    SectionRow("xdp.frags/cpumap", ProgType.XDP, AttachType.XDP_CPUMAP, F_XDP_HAS_FRAGS),
    SectionRow("lwt_in", ProgType.LWT_IN),
    SectionRow("lwt_out", ProgType.LWT_OUT),
    SectionRow("lwt_xmit", ProgType.LWT_XMIT),
    SectionRow("lwt_seg6local", ProgType.LWT_SEG6LOCAL),
    SectionRow("lirc_mode2", ProgType.LIRC_MODE2, AttachType.LIRC_MODE2),
    SectionRow("flow_dissector", ProgType.FLOW_DISSECTOR, AttachType.FLOW_DISSECTOR),
    SectionRow("netfilter", ProgType.NETFILTER, AttachType.NETFILTER),
    SectionRow("cgroup_skb/ingress", ProgType.CGROUP_SKB),
    SectionRow("cgroup_skb/egress", ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS),
    *_cgroup(ProgType.CGROUP_SKB, skb=AttachType.NONE),
    *_cgroup(
        ProgType.CGROUP_SOCK,
        sock=AttachType.CGROUP_INET_SOCK_CREATE,
        sock_create=AttachType.CGROUP_INET_SOCK_CREATE,
        sock_release=AttachType.CGROUP_INET_SOCK_RELEASE,
        post_bind4=AttachType.CGROUP_INET4_POST_BIND,
        post_bind6=AttachType.CGROUP_INET6_POST_BIND,
    ),
    *_cgroup(
        ProgType.CGROUP_SOCK_ADDR,
        bind4=AttachType.CGROUP_INET4_BIND,
        bind6=AttachType.CGROUP_INET6_BIND,
        connect4=AttachType.CGROUP_INET4_CONNECT,
        connect6=AttachType.CGROUP_INET6_CONNECT,
        connect_unix=AttachType.CGROUP_UNIX_CONNECT,
        sendmsg4=AttachType.CGROUP_UDP4_SENDMSG,
        sendmsg6=AttachType.CGROUP_UDP6_SENDMSG,
        sendmsg_unix=AttachType.CGROUP_UNIX_SENDMSG,
        recvmsg4=AttachType.CGROUP_UDP4_RECVMSG,
        recvmsg6=AttachType.CGROUP_UDP6_RECVMSG,
        recvmsg_unix=AttachType.CGROUP_UNIX_RECVMSG,
        getpeername4=AttachType.CGROUP_INET4_GETPEERNAME,
        getpeername6=AttachType.CGROUP_INET6_GETPEERNAME,
        getpeername_unix=AttachType.CGROUP_UNIX_GETPEERNAME,
        getsockname4=AttachType.CGROUP_INET4_GETSOCKNAME,
        getsockname6=AttachType.CGROUP_INET6_GETSOCKNAME,
        getsockname_unix=AttachType.CGROUP_UNIX_GETSOCKNAME,
    ),
    *_cgroup(ProgType.CGROUP_SYSCTL, sysctl=AttachType.CGROUP_SYSCTL),
    *_cgroup(
        ProgType.CGROUP_SOCKOPT,
        getsockopt=AttachType.CGROUP_GETSOCKOPT,
        setsockopt=AttachType.CGROUP_SETSOCKOPT,
    ),
    *_cgroup(ProgType.CGROUP_DEVICE, dev=AttachType.CGROUP_DEVICE),
)
_OPTIONAL = "?"
_BY_NAME = {row.name: row for row in SECTIONS}


def find(section: str) -> SectionRow | None:
    """The row of a section's name, the longest that fits; None for a name without meaning."""
    name = section.removeprefix(_OPTIONAL)
    while name not in _BY_NAME and "/" in name:
        name = name.rpartition("/")[0]
    return _BY_NAME.get(name)


def is_optional(section: str) -> bool:
    """Whether the section's programs are loaded only where somebody asks for them."""
    return section.startswith(_OPTIONAL)


def target(section: str, row: SectionRow) -> str:
    """The kernel function that a section's name names, or nothing."""
    name = section.removeprefix(_OPTIONAL)[len(row.name) + 1 :]
    return row.prefix + name if row.prefix is not None and name else ""
