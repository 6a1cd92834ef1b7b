"""SECTIONS: what the name of a program's section says of the program.

Source: tools/lib/bpf/libbpf.c, section_defs; Documentation/bpf/libbpf/program_types.rst.
"""

from __future__ import annotations

from typing import NamedTuple

from emu.kernel.enums import F_SLEEPABLE, F_XDP_HAS_FRAGS, AttachType, ProgType


class SectionRow(NamedTuple):
    """A family of section names: `name` alone, and `name/anything`."""

    name: str
    type: ProgType
    attach_type: AttachType = AttachType.NONE
    flags: int = 0  # BPF_F_*
    has_target: bool = False  # what follows the slash is the kernel function: Prog.attach_to


def _tracing(name: str, attach: AttachType) -> tuple[SectionRow, SectionRow]:
    """Programs at a kernel function, and those of them that may sleep."""
    row = SectionRow(name, ProgType.TRACING, attach, has_target=True)
    return row, row._replace(name=f"{name}.s", flags=F_SLEEPABLE)


def _probe(name: str, attach: AttachType = AttachType.NONE) -> SectionRow:
    return SectionRow(name, ProgType.KPROBE, attach)


SECTIONS = (
    _probe("kprobe"),
    _probe("kretprobe"),
    _probe("uprobe"),
    _probe("uprobe.s")._replace(flags=F_SLEEPABLE),
    _probe("uretprobe"),
    _probe("uretprobe.s")._replace(flags=F_SLEEPABLE),
    _probe("kprobe.multi", AttachType.TRACE_KPROBE_MULTI),
    _probe("kretprobe.multi", AttachType.TRACE_KPROBE_MULTI),
    _probe("kprobe.session", AttachType.TRACE_KPROBE_SESSION),
    _probe("uprobe.multi", AttachType.TRACE_UPROBE_MULTI),
    _probe("uretprobe.multi", AttachType.TRACE_UPROBE_MULTI),
    _probe("uprobe.session", AttachType.TRACE_UPROBE_SESSION),
    _probe("ksyscall"),
    _probe("kretsyscall"),
    _probe("usdt"),
    SectionRow("tracepoint", ProgType.TRACEPOINT),
    SectionRow("tp", ProgType.TRACEPOINT),
    SectionRow("raw_tracepoint", ProgType.RAW_TRACEPOINT),
    SectionRow("raw_tp", ProgType.RAW_TRACEPOINT),
    SectionRow("raw_tracepoint.w", ProgType.RAW_TRACEPOINT_WRITABLE),
    SectionRow("raw_tp.w", ProgType.RAW_TRACEPOINT_WRITABLE),
    SectionRow("perf_event", ProgType.PERF_EVENT),
    *_tracing("fentry", AttachType.TRACE_FENTRY),
    *_tracing("fexit", AttachType.TRACE_FEXIT),
    *_tracing("fmod_ret", AttachType.MODIFY_RETURN),
    *_tracing("iter", AttachType.TRACE_ITER),
    SectionRow("tp_btf", ProgType.TRACING, AttachType.TRACE_RAW_TP, has_target=True),
    SectionRow("socket", ProgType.SOCKET_FILTER),
    SectionRow("tc", ProgType.SCHED_CLS),
    SectionRow("tcx", ProgType.SCHED_CLS),
    SectionRow("classifier", ProgType.SCHED_CLS),
    SectionRow("action", ProgType.SCHED_ACT),
    SectionRow("xdp", ProgType.XDP),
    SectionRow("xdp.frags", ProgType.XDP, flags=F_XDP_HAS_FRAGS),
    SectionRow("cgroup_skb", ProgType.CGROUP_SKB),
    SectionRow("cgroup_skb/egress", ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS),
    SectionRow("cgroup/skb", ProgType.CGROUP_SKB),
)
_BY_NAME = {row.name: row for row in SECTIONS}


def find(section: str) -> SectionRow | None:
    """The row of a section's name, the longest that fits; None for a name without meaning."""
    name = section.removeprefix("?")  # such a program is loaded on demand only
    while name not in _BY_NAME and "/" in name:
        name = name.rpartition("/")[0]
    return _BY_NAME.get(name)


def target(section: str, row: SectionRow) -> str:
    """The kernel function that a section's name names, or nothing."""
    return section.removeprefix("?")[len(row.name) + 1 :] if row.has_target else ""
