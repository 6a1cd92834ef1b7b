"""Providers: probes are found, numbered and typed as libdtrace has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dtrace.backend.base import KernelError
from dtrace.backend.linux.tracefs import parse_format
from dtrace.probes.desc import (
    ArgDef,
    Field,
    ProbeDesc,
    RawTracepoint,
    Syscall,
    Timer,
    Tracepoint,
)
from dtrace.providers.base import field_arg
from dtrace.providers.profile import timer
from dtrace.providers.registry import ProbeTable

if TYPE_CHECKING:
    from dtrace.backend.base import Kernel

READ = """name: sys_enter_read
ID: 718
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;
\tfield:unsigned int fd;\toffset:16;\tsize:8;\tsigned:0;
\tfield:char * buf;\toffset:24;\tsize:8;\tsigned:0;
\tfield:size_t count;\toffset:32;\tsize:8;\tsigned:0;
\tfield:__data_loc char[] __buf_val;\toffset:40;\tsize:4;\tsigned:0;

print fmt: "fd: 0x%08lx", ((unsigned long)(REC->fd))
"""
EXEC = """name: sched_process_exec
\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;
\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;
\tfield:char comm[16];\toffset:16;\tsize:16;\tsigned:0;
"""


class FakeKernel:
    """Two tracepoints and two system calls; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def events(self) -> list[tuple[str, str]]:
        self.asked += 1
        return [
            ("sched", "sched_process_exec"),
            ("syscalls", "sys_exit_read"),
            ("syscalls", "sys_enter_read"),
            ("irq", "irq_handler_entry"),
        ]

    def event_fields(self, group: str, event: str) -> tuple[Field, ...]:
        return parse_format({"sys_enter_read": READ, "sched_process_exec": EXEC}[event])

    def raw_event_args(self, event: str) -> tuple[str, ...]:
        return ("struct task_struct *", "pid_t") if event == "sched_process_exec" else ()

    def syscalls(self) -> dict[str, int]:
        self.asked += 1
        return {"read": 0, "newstat": 4}


class NoTracefs(FakeKernel):
    """A kernel whose tracepoints cannot be listed."""

    def events(self) -> list[tuple[str, str]]:
        raise KernelError("tracefs is not mounted")

    def syscalls(self) -> dict[str, int]:
        raise KernelError("tracefs is not mounted")


@pytest.fixture
def kernel() -> FakeKernel:
    return FakeKernel()


@pytest.fixture
def table(kernel: Kernel) -> ProbeTable:
    return ProbeTable(kernel)


def found(table: ProbeTable, *parts: str) -> list[tuple[int, str]]:
    return [(probe.id, str(probe)) for probe in table.match(ProbeDesc(*parts))]


# The listing of FakeKernel, in libdtrace's order: dtrace, then providers by name.
LISTING = [
    "dtrace:::BEGIN",
    "dtrace:::END",
    "dtrace:::ERROR",
    *(f"profile:::profile-{rate}" for rate in (97, 199, 499, 997, 1999, 4001, 4999)),
    *(f"profile:::tick-{rate}" for rate in (1, 10, 100, 500, 1000, 5000)),
    "rawtp:sched::sched_process_exec",
    "rawtp:irq::irq_handler_entry",
    "sdt:sched::sched_process_exec",
    "sdt:irq::irq_handler_entry",
    "syscall:vmlinux:read:return",
    "syscall:vmlinux:read:entry",
    "syscall:vmlinux:newstat:return",
    "syscall:vmlinux:newstat:entry",
]


def test_all_lists_every_probe_once_in_order_of_id(table: ProbeTable) -> None:
    assert [(p.id, str(p)) for p in table.all()] == list(enumerate(LISTING, 1))


def test_an_id_is_the_same_whichever_way_a_probe_is_found(kernel: Kernel) -> None:
    for number, name in enumerate(LISTING, 1):
        assert found(ProbeTable(kernel), *name.split(":")) == [(number, name)]
        assert ProbeTable(kernel).match(ProbeDesc(id=number))[0].name == name.rsplit(":")[-1]


@pytest.mark.parametrize("name", ["BEGIN", "END", "ERROR", "tick-10", "profile-97"])
def test_the_sessions_own_probes_ask_the_kernel_nothing(
    kernel: FakeKernel, table: ProbeTable, name: str
) -> None:
    assert len(found(table, "", "", "", name)) == 1
    assert kernel.asked == 0


def test_literal_parts_list_the_newest_first_and_globs_the_oldest(table: ProbeTable) -> None:
    assert [name for _, name in found(table, "dtrace")] == LISTING[2::-1]
    assert [name for _, name in found(table, "", "", "", "tick-1*")] == [
        "profile:::tick-1", "profile:::tick-10", "profile:::tick-100", "profile:::tick-1000",
    ]  # fmt: skip
    assert [name for _, name in found(table, "", "", "", "entry")] == [
        "syscall:vmlinux:newstat:entry", "syscall:vmlinux:read:entry",
    ]  # fmt: skip


def test_a_timer_that_is_not_listed_comes_into_being_after_all_others(table: ProbeTable) -> None:
    after = len(LISTING) + 1
    assert found(table, "", "", "", "tick-7s") == [(after, "profile:::tick-7s")]
    assert found(table, "p*", "", "", "profile-3") == [(after + 1, "profile:::profile-3")]
    assert found(table, "profile", "", "", "tick-7s") == [(after, "profile:::tick-7s")]
    assert len(table.all()) == after + 1


@pytest.mark.parametrize(
    "parts",
    [
        ("", "", "", "tick-7*"),
        ("syscall", "", "", "tick-7s"),
        ("", "", "foo", "tick-7s"),
        ("", "vmlinux", "", "tick-7s"),
        ("profile", "", "", "foo"),
    ],
)
def test_a_timer_comes_into_being_only_where_it_is_named(
    table: ProbeTable, parts: tuple[str, ...]
) -> None:
    assert found(table, *parts) == []


# All of these were asked of DTrace 2.0.7 with -l.
@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("tick-5000hz", 200_000),
        ("tick-010", 100_000_000),
        ("tick-1S", 1_000_000_000),
        ("tick-1HZ", 1_000_000_000),
        ("tick-1sec", 1_000_000_000),
        ("tick-1hour", 3_600_000_000_000),
        ("tick-1min", 60_000_000_000),
        ("tick-500usec", 500_000),
        ("tick-500000nsec", 500_000),
        ("tick-200us", 200_000),
        ("tick-1d", 86_400_000_000_000),
        ("tick-97", 10_309_278),
    ],
)
def test_units_of_timers(name: str, period: int) -> None:
    assert timer(name) == Timer(period, every_cpu=False)
    assert timer(name.replace("tick", "profile")) == Timer(period, every_cpu=True)


@pytest.mark.parametrize(
    "name",
    [
        "tick-0", "tick-1ns", "tick-5001hz", "tick-199us", "tick-1foo", "tick-", "tick-x", "tick",
        "tick--5", "tick-5.5", "tick-0x10", "tick-1minutes", "tick-5s6", "tock-5", "tick-5 s",
        "tick-99999999999999999999", "tick-" + "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_timer(name: str) -> None:
    assert timer(name) is None


def test_system_calls_have_their_sites_and_arguments(table: ProbeTable) -> None:
    entry, return_ = table.match(ProbeDesc("syscall", "", "read", ""))
    assert entry.site == Syscall("read", 0, entry=True)
    assert return_.site == Syscall("read", 0, entry=False)
    assert entry.args == ()
    assert table.detail(entry).args == (
        ArgDef("unsigned int"), ArgDef("char *", user=True), ArgDef("size_t"),
    )  # fmt: skip
    assert table.detail(return_).args == (ArgDef("long"),)


def test_a_tracepoint_is_a_record_to_sdt_and_arguments_to_rawtp(table: ProbeTable) -> None:
    sdt, rawtp = map(table.detail, table.match(ProbeDesc(name="sched_process_exec")))
    assert sdt.site == Tracepoint("sched", "sched_process_exec", parse_format(EXEC))
    assert [arg.type for arg in sdt.args] == ["u32", "pid_t", "char [16]"]
    assert rawtp.site == RawTracepoint("sched_process_exec", 2)
    assert [arg.type for arg in rawtp.args] == ["struct task_struct *", "pid_t"]


def test_a_raw_tracepoint_that_btf_does_not_know_has_untyped_arguments(table: ProbeTable) -> None:
    (probe,) = table.match(ProbeDesc("rawtp", "", "", "irq_handler_entry"))
    assert table.detail(probe).args == ()


def test_without_tracefs_timers_work_and_tracepoints_say_why_not() -> None:
    table = ProbeTable(NoTracefs())  # type: ignore[arg-type]
    assert found(table, "", "", "", "tick-7s") == [(17, "profile:::tick-7s")]
    assert len(table.all()) == 17
    with pytest.raises(KernelError, match="tracefs is not mounted"):
        found(table, "syscall", "", "read", "entry")


@pytest.mark.parametrize(
    ("c_type", "shown"),
    [
        ("const char *", "char *"),
        ("const char *const *", "char **"),
        ("void __seg_gs *", "void *"),
        ("struct iovec *", "struct iovec *"),
        ("const clockid_t", "clockid_t"),
        ("__u8 [28]", "__u8 [28]"),
        ("__data_loc char[]", "u32"),
        ("enum dma_data_direction", "enum dma_data_direction"),
    ],
)
def test_types_of_fields_are_shown_as_libdtrace_shows_them(c_type: str, shown: str) -> None:
    assert field_arg(c_type) == ArgDef(shown)


def test_format_files_give_fields_without_the_common_ones() -> None:
    assert parse_format(EXEC) == (
        Field("filename", "__data_loc char[]", 8, 4, signed=False),
        Field("pid", "pid_t", 12, 4, signed=True),
        Field("comm", "char [16]", 16, 16, signed=False),
    )


def test_a_format_file_that_makes_no_sense_is_an_error() -> None:
    with pytest.raises(KernelError, match="field:int pid"):
        parse_format("\tfield:int pid;\toffset:x;\tsize:4;\tsigned:1;\n")


@pytest.mark.kernel
def test_the_running_kernels_probes_match_its_tracepoints() -> None:
    from dtrace.backend.linux import tracefs
    from dtrace.backend.linux.kernel import LinuxKernel

    if not tracefs.find():
        pytest.skip(tracefs.MISSING)
    with LinuxKernel() as kernel:
        table = ProbeTable(kernel)
        probes = table.all()
        assert [probe.id for probe in probes] == list(range(1, len(probes) + 1))
        by_provider: dict[str, int] = {}
        for probe in probes:
            by_provider[probe.provider] = by_provider.get(probe.provider, 0) + 1
        assert by_provider["sdt"] == by_provider["rawtp"] > 100
        assert by_provider["syscall"] == 2 * len(kernel.syscalls()) > 600
        (openat,) = table.match(ProbeDesc("syscall", "", "openat", "entry"))
        assert [arg.type for arg in table.detail(openat).args] == [
            "int", "char *", "int", "umode_t",
        ]  # fmt: skip
