"""The helper table, and the map and program types that go with it."""

from __future__ import annotations

import platform
import re

import pytest

from emu.isa.asm import assemble
from emu.kernel import ctx, enums, maps, prog_types
from emu.kernel.enums import Arg, AttachType, MapType, ProgType, Ret
from emu.kernel.helper_names import NAMES, since
from emu.kernel.helpers import HELPERS, available, by_id, by_name, proto
from emu.kernel.packet_helpers import PACKET_HELPERS
from emu.kernel.profile import SERIES, Kernel
from emu.kernel.socket_helpers import SOCKET_HELPERS
from emu.kernel.traits import Trait
from emu.kernel.version import KernelVersion
from tests.tables.kernel_log import verifier_log

EVERY_HELPER = pytest.mark.parametrize("row", HELPERS, ids=lambda row: row.name)
ALL_ROWS = (*HELPERS, *PACKET_HELPERS, *SOCKET_HELPERS)
EVERY_ROW = pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.name)
EVERY_MAP = pytest.mark.parametrize("row", maps.MAP_TYPES, ids=lambda row: row.type.name)

MEMORY = {
    Arg.PTR_TO_MEM,
    Arg.PTR_TO_MEM_WRITE,
    Arg.PTR_TO_MEM_OR_NULL,
    Arg.PTR_TO_MEM_RDONLY,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY,
    Arg.PTR_TO_UNINIT_MEM,
}
SIZES = {Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO}


def name_of(since):
    """The release, of a row that names one or a trait."""
    return since if isinstance(since, str) else since.value.since


def releases_in(row):
    for reach in row.reach:
        yield from filter(None, map(name_of, (reach.since, reach.until)))
    for change in row.changes:
        yield from filter(None, (name_of(change.since),))


def test_numbers_increase_and_names_are_unique():
    numbers = [row.id for row in HELPERS]
    assert numbers == sorted(set(numbers))
    assert len({row.name for row in HELPERS}) == len(HELPERS)


def test_no_helper_has_two_rows():
    assert len({row.id for row in ALL_ROWS}) == len(ALL_ROWS)


@EVERY_ROW
def test_name_is_the_one_of_its_number(row):
    assert NAMES[row.id] == row.name
    assert by_id(row.id) is row


@EVERY_HELPER
def test_row_is_found_by_its_name(row):
    assert by_name(row.name) is row


@EVERY_ROW
def test_helper_is_as_old_as_its_number(row):
    assert KernelVersion.parse(row.since) <= KernelVersion.parse(since(row.id))


@EVERY_HELPER
def test_row_has_a_source(row):
    assert re.fullmatch(r"[0-9a-f]{12}", row.commit)
    assert row.reach


@EVERY_ROW
def test_later_releases_are_known_and_not_before_the_helper(row):
    first = KernelVersion.parse(row.since)
    known = {series.release for series in SERIES}
    for release in releases_in(row):
        assert KernelVersion.parse(release).series in known
        assert KernelVersion.parse(release) > first


@EVERY_HELPER
def test_trait_that_stands_for_it_begins_with_it(row):
    assert row.needs is None or row.needs.value.since == row.since


@EVERY_ROW
def test_memory_is_followed_by_its_size(row):
    prototypes = [(row.ret, row.args), *((change.ret, change.args) for change in row.changes)]
    for ret, args in prototypes:
        assert isinstance(ret, Ret)
        assert len(args) <= 5
        for i, arg in enumerate(args):
            if arg in MEMORY:
                assert args[i + 1] in SIZES
            if arg in SIZES:
                assert args[i - 1] in MEMORY
            if arg in (Arg.PTR_TO_MAP_KEY, Arg.PTR_TO_MAP_VALUE, Arg.PTR_TO_UNINIT_MAP_VALUE):
                assert Arg.CONST_MAP_PTR in args[:i]


@pytest.mark.parametrize(
    ("release", "prog_type", "name", "callable_"),
    [
        ("5.4", ProgType.KPROBE, "probe_read", True),
        ("5.4", ProgType.KPROBE, "probe_read_kernel", False),
        ("5.5", ProgType.KPROBE, "probe_read_kernel", True),
        ("5.7", ProgType.RAW_TRACEPOINT, "ringbuf_output", False),
        ("5.8", ProgType.RAW_TRACEPOINT, "ringbuf_output", True),
        ("4.18", ProgType.SOCKET_FILTER, "map_lookup_elem", True),
        ("6.18", ProgType.SOCKET_FILTER, "get_stackid", False),
        ("6.18", ProgType.PERF_EVENT, "override_return", False),
        ("6.18", ProgType.KPROBE, "override_return", True),
        ("5.16", ProgType.TRACING, "get_func_arg", False),
        ("5.17", ProgType.TRACING, "get_func_arg", True),
        ("6.18", ProgType.KPROBE, "get_func_arg", False),
        ("5.15", ProgType.KPROBE, "ktime_get_coarse_ns", True),
        ("5.16", ProgType.KPROBE, "ktime_get_coarse_ns", False),
        ("5.16", ProgType.SOCKET_FILTER, "ktime_get_coarse_ns", True),
        ("5.5", ProgType.TRACING, "perf_event_output", True),
        ("6.9", ProgType.RAW_TRACEPOINT, "get_attach_cookie", False),
        ("6.10", ProgType.RAW_TRACEPOINT, "get_attach_cookie", True),
        ("6.18", ProgType.LWT_IN, "map_lookup_elem", True),
        ("6.4", ProgType.NETFILTER, "map_lookup_elem", True),
        ("6.18", ProgType.NETFILTER, "skb_load_bytes", False),
    ],
)
def test_program_may_call(release, prog_type, name, callable_):
    assert available(Kernel.release(release), prog_type, by_name(name)) is callable_


def test_backported_trait_brings_its_helpers_and_maps():
    rhel = Kernel.release("4.18", plus={Trait.RINGBUF})
    assert available(rhel, ProgType.KPROBE, by_name("ringbuf_reserve"))
    assert maps.available(rhel, maps.by_type(MapType.RINGBUF))
    assert not maps.available(Kernel.release("4.18"), maps.by_type(MapType.RINGBUF))


def test_prototype_is_the_one_of_the_release():
    ktime = by_name("ktime_get_ns")
    assert proto(Kernel.release("5.7"), ktime).gpl_only
    assert not proto(Kernel.release("5.8"), ktime).gpl_only
    strncmp = by_name("strncmp")
    assert proto(Kernel.release("6.3"), strncmp).args[0] is Arg.PTR_TO_MEM
    assert proto(Kernel.release("6.4"), strncmp).args[0] is Arg.PTR_TO_MEM_RDONLY


def test_unknown_helper_has_no_row():
    assert by_id(0) is None
    assert by_id(9999) is None
    with pytest.raises(KeyError):
        by_name("no_such_helper")


def test_map_types_are_unique():
    types = [row.type for row in maps.MAP_TYPES]
    assert len(set(types)) == len(types)


@EVERY_MAP
def test_map_is_used_by_helpers_that_take_maps(row):
    assert row.helpers
    for name in row.helpers:
        helper = by_name(name) if name != "skb_under_cgroup" else None
        assert helper is None or Arg.CONST_MAP_PTR in helper.args


@EVERY_MAP
def test_trait_that_stands_for_a_map_type_begins_with_it(row):
    assert row.needs is None or row.needs.value.since == row.since
    assert KernelVersion.parse(row.since)


@EVERY_MAP
def test_index_of_an_array_is_a_u32(row):
    assert not row.is_array or row.key_size == 4


def test_every_helper_that_takes_a_map_has_a_map_type():
    taken = {name for row in maps.MAP_TYPES for name in row.helpers}
    # Timers name the map they stand in, whatever its type; socket storage is not ours.
    others = {"timer_init", "sk_storage_get", "sk_storage_delete"}
    assert {row.name for row in HELPERS if Arg.CONST_MAP_PTR in row.args} - taken == others


@EVERY_MAP
def test_map_type_has_a_source(row):
    assert re.fullmatch(r"[0-9a-f]{12}", row.commit)


@pytest.mark.parametrize(
    ("release", "flag", "accepted"),
    [
        ("5.1", enums.F_RDONLY_PROG, False),
        ("5.2", enums.F_RDONLY_PROG, True),
        ("5.4", enums.F_MMAPABLE, False),
        ("5.5", enums.F_MMAPABLE, True),
        ("6.18", enums.F_NO_PREALLOC, False),
    ],
)
def test_array_takes_the_flags_of_its_kernel(release, flag, accepted):
    row = maps.by_type(MapType.ARRAY)
    assert row is not None
    assert bool(maps.flags_of(Kernel.release(release), row) & flag) is accepted


def test_map_takes_only_its_own_helpers():
    assert maps.takes("map_lookup_elem", MapType.HASH)
    assert not maps.takes("map_lookup_elem", MapType.RINGBUF)
    assert not maps.takes("get_stackid", MapType.ARRAY)


@pytest.mark.parametrize("row", prog_types.PROG_TYPES, ids=lambda row: row.type.name)
def test_program_type_has_helpers_and_a_context(row):
    kernel = Kernel.release(SERIES[-1].release)
    assert any(available(kernel, row.type, helper) for helper in HELPERS)
    assert row.ctx.sizes
    begin, end = row.ctx.start, row.ctx.start
    for field in row.ctx.fields:
        assert field.off >= end or field.off == begin  # a field may have a row a rule
        begin, end = field.off, field.off + field.size
    assert not row.ctx.size or end <= row.ctx.size


def test_fentry_programs_return_0_and_kprobes_anything():
    kernel = Kernel.release("6.18")
    allowed = prog_types.return_range(kernel, ProgType.TRACING, AttachType.TRACE_FENTRY)
    assert allowed is not None
    assert (allowed.low, allowed.high) == (0, 0)
    assert prog_types.return_range(kernel, ProgType.KPROBE, AttachType.NONE) is None


@pytest.mark.parametrize(
    ("register", "off"), [("r15", 0), ("rax", 80), ("rdi", 112), ("rip", 128), ("rsp", 152)]
)
def test_registers_are_where_the_kernel_saves_them(register, off):
    assert ctx.reg_off(register) == off


# Helpers that a kernel leaves out for reasons of its own.
CONFIGURED = {
    "probe_write_user",  # not under lockdown
    "override_return",  # CONFIG_BPF_KPROBE_OVERRIDE
}


@pytest.mark.kernel
@pytest.mark.parametrize(
    "prog_type",
    [
        ProgType.SOCKET_FILTER,
        ProgType.KPROBE,
        ProgType.TRACEPOINT,
        ProgType.PERF_EVENT,
        ProgType.RAW_TRACEPOINT,
    ],
    ids=lambda prog_type: prog_type.name,
)
def test_running_kernel_lets_programs_call_just_these_helpers(prog_type):
    kernel = Kernel.of_uname(platform.release())
    ours = {row.name for row in HELPERS if available(kernel, prog_type, row)}
    theirs = set()
    for number, name in enumerate(NAMES[1:], 1):
        log = verifier_log(prog_type, assemble(f"call {number}\nr0 = 0\nexit"))
        if not re.search("cannot use helper|unknown func|invalid func", log):
            theirs.add(name)
    assert ours - CONFIGURED == theirs - CONFIGURED


@pytest.mark.kernel
def test_running_kernel_wants_a_gpl_license_for_just_these_helpers():
    kernel = Kernel.of_uname(platform.release())
    rows = [row for row in HELPERS if available(kernel, ProgType.KPROBE, row)]
    ours = {row.name for row in rows if proto(kernel, row).gpl_only}
    theirs = {
        row.name
        for row in rows
        if "GPL" in verifier_log(ProgType.KPROBE, assemble(f"call {row.id}\nexit"), b"none")
    }
    assert ours - CONFIGURED == theirs - CONFIGURED
