"""The names of sections: what they say of the programs in them."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.kernel.enums import F_SLEEPABLE, F_XDP_HAS_FRAGS, AttachType, ProgType
from emu.objfile import ObjectError, load
from emu.objfile.sections import SECTIONS, find, is_optional, target
from tests.elfwriter import elf

pytest.importorskip("elftools", reason="objects need pyelftools")

RETURN = encode(assemble("r0 = 7\nexit"))


@pytest.mark.parametrize(
    ("name", "type_", "attach", "flags", "function"),
    [
        ("kprobe/do_nanosleep", ProgType.KPROBE, AttachType.NONE, 0, ""),
        ("?tracepoint/sched/sched_switch", ProgType.TRACEPOINT, AttachType.NONE, 0, ""),
        ("tp/a/b", ProgType.TRACEPOINT, AttachType.NONE, 0, ""),
        ("tp.s/syscalls/sys_enter_open", ProgType.TRACEPOINT, AttachType.NONE, F_SLEEPABLE, ""),
        ("raw_tp/sys_enter", ProgType.RAW_TRACEPOINT, AttachType.NONE, 0, ""),
        ("perf_event", ProgType.PERF_EVENT, AttachType.NONE, 0, ""),
        ("fentry/do_exit", ProgType.TRACING, AttachType.TRACE_FENTRY, 0, "do_exit"),
        ("fexit.s/do_exit", ProgType.TRACING, AttachType.TRACE_FEXIT, F_SLEEPABLE, "do_exit"),
        ("tp_btf/x", ProgType.TRACING, AttachType.TRACE_RAW_TP, 0, "btf_trace_x"),
        ("iter/task", ProgType.TRACING, AttachType.TRACE_ITER, 0, "bpf_iter_task"),
        ("lsm.s/bpf", ProgType.LSM, AttachType.LSM_MAC, F_SLEEPABLE, "bpf_lsm_bpf"),
        ("cgroup_skb/egress", ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS, 0, ""),
        ("cgroup/bind6", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET6_BIND, 0, ""),
        ("tc", ProgType.SCHED_CLS, AttachType.NONE, 0, ""),
        ("tc/ingress", ProgType.SCHED_CLS, AttachType.TCX_INGRESS, 0, ""),
        ("xdp", ProgType.XDP, AttachType.XDP, 0, ""),
        ("xdp.frags/cpumap", ProgType.XDP, AttachType.XDP_CPUMAP, F_XDP_HAS_FRAGS, ""),
        ("syscall", ProgType.SYSCALL, AttachType.NONE, F_SLEEPABLE, ""),
    ],
)
def test_a_sections_name_says_what_the_program_is(name, type_, attach, flags, function):
    row = find(name)
    assert row is not None
    assert (row.type, row.attach_type, row.flags) == (type_, attach, flags)
    assert target(name, row) == function


def test_section_names_are_told_apart():
    assert len({row.name for row in SECTIONS}) == len(SECTIONS)
    assert find("kprobes/x") is None
    assert find("socket1") is None


def test_a_section_without_its_function_names_none():
    row = find("fentry")
    assert row is not None
    assert target("fentry", row) == ""


def test_programs_on_demand_are_loaded_for_those_who_ask():
    assert is_optional("?socket")
    assert not is_optional("socket")
    with pytest.raises(ObjectError, match="no programs"):
        load(elf(RETURN, "?socket"))
    (prog,) = load(elf(RETURN, "?socket"), optional=True)
    assert prog.type is ProgType.SOCKET_FILTER
