"""What this host allows, and why not: the causes behind EPERM, and missing parts of the kernel."""

from __future__ import annotations

import os
from typing import NamedTuple

from dtrace.backend.base import KernelError

# linux/capability.h; CAP_PERFMON and CAP_BPF are of Linux 5.8, CAP_SYS_ADMIN implies both.
_CAP_SYS_ADMIN = 21
_CAP_PERFMON = 38
_CAP_BPF = 39

_BTF = "/sys/kernel/btf/vmlinux"
_UPROBE_TYPE = "/sys/bus/event_source/devices/uprobe/type"
_LOCKDOWN = "/sys/kernel/security/lockdown"


class Ability(NamedTuple):
    """Something that tracing needs of the host."""

    name: str
    missing: str  # why it is not there and what to do; "" where it is there


def _text(path: str) -> str:
    """The content of a small file; "" where it cannot be read."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _has_capabilities() -> bool:
    for line in _text("/proc/self/status").splitlines():
        if line.startswith("CapEff:"):
            have = int(line.split()[1], 16)
            needed = 1 << _CAP_BPF | 1 << _CAP_PERFMON
            return bool(have >> _CAP_SYS_ADMIN & 1) or have & needed == needed
    return os.geteuid() == 0


def lockdown() -> str:
    """The lockdown mode in force: "integrity", "confidentiality", or "" for none."""
    text = _text(_LOCKDOWN)
    mode = text.partition("[")[2].partition("]")[0]
    return "" if mode == "none" else mode


def why_not_permitted() -> str:
    """The cause of EPERM or EACCES from bpf(2) or perf_event_open(2), and what helps."""
    if not _has_capabilities():
        return (
            "tracing needs root, or CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8); "
            "the emulated kernel (--backend=emulated) needs neither"
        )
    if lockdown() == "confidentiality":
        return f"the kernel is locked down ({_LOCKDOWN}); boot without lockdown=confidentiality"
    if int(_text("/proc/sys/kernel/perf_event_paranoid") or 0) > 3:
        return "kernel.perf_event_paranoid forbids it; set it to 2 with sysctl"
    return "a container's seccomp profile or a security module may forbid it"


def uprobe_pmu() -> int:
    """The perf event type of uprobes.

    Source: perf_uprobe_init(), kernel/trace/trace_event_perf.c, 33ea4b24277b (Linux 4.17).
    """
    text = _text(_UPROBE_TYPE)
    if not text:
        raise KernelError("uprobes are missing: the kernel was built without CONFIG_UPROBE_EVENTS")
    return int(text)


def abilities() -> list[Ability]:
    """What tracing needs, each with the reason where it is missing."""
    from dtrace.backend.linux import tracefs

    root = tracefs.find()
    return [
        Ability("privileges", "" if _has_capabilities() else why_not_permitted()),
        Ability("lockdown", f"kernel is locked down: {lockdown()}" if lockdown() else ""),
        Ability("tracefs", "" if root else tracefs.MISSING),
        Ability("BTF", "" if os.access(_BTF, os.R_OK) else f"{_BTF}: needs CONFIG_DEBUG_INFO_BTF"),
        Ability("uprobes", "" if _text(_UPROBE_TYPE) else "needs CONFIG_UPROBE_EVENTS"),
    ]
