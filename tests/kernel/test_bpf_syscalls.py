"""Maps and programs of the running kernel."""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING

import pytest

from dtrace.backend.base import KernelError, LoadError
from dtrace.backend.linux.kernel import LinuxKernel, parse_cpu_list
from dtrace.backend.linux.maps import kernel_name
from dtrace.backend.linux.syscall import explain
from emu.isa.asm import assemble
from emu.kernel.enums import F_RDONLY_PROG, MapType, ProgType
from emu.prog import MapDef, Prog
from tests.kernel.programs import COUNT, KEY, counted, counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtrace.backend.linux.maps import LinuxMap

HASH = MapDef("numbers", MapType.HASH, 4, 8, 5000)


@pytest.fixture
def kernel() -> Iterator[LinuxKernel]:
    with LinuxKernel() as opened:
        yield opened


def key(number: int) -> bytes:
    return struct.pack("<I", number)


def value(number: int) -> bytes:
    return struct.pack("<Q", number)


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.mark.kernel
def test_a_program_of_two_insns_loads(kernel: LinuxKernel) -> None:
    kernel.load(Prog("nothing", ProgType.RAW_TRACEPOINT, assemble("r0 = 0\nexit")), [])


@pytest.mark.kernel
def test_a_refused_program_raises_with_the_verifiers_log(kernel: LinuxKernel) -> None:
    bad = Prog("bad", ProgType.KPROBE, assemble("r0 = r5\nexit"))
    with pytest.raises(LoadError, match="R5 !read_ok") as caught:
        kernel.load(bad, [])
    assert "R5 !read_ok" in caught.value.log


@pytest.mark.kernel
def test_a_log_longer_than_the_first_buffer_is_whole(kernel: LinuxKernel) -> None:
    # 4,000 lines of a straight program, then the read of a register that was never written.
    text = "r0 = 0\n" + "r0 += 1\n" * 3990 + "r0 = r5\nexit"
    with pytest.raises(LoadError) as caught:
        kernel.load(Prog("long", ProgType.KPROBE, assemble(text)), [])
    assert len(caught.value.log) > 64 << 10
    assert "\n0: " in "\n" + caught.value.log
    assert "R5 !read_ok" in caught.value.log


@pytest.mark.kernel
def test_a_map_keeps_what_is_stored(kernel: LinuxKernel) -> None:
    numbers = kernel.create_map(HASH)
    assert numbers.lookup(key(1)) is None
    numbers.update(key(1), value(10))
    assert numbers.lookup(key(1)) == value(10)
    numbers.delete(key(1))
    numbers.delete(key(1))
    assert numbers.lookup(key(1)) is None


@pytest.mark.kernel
@pytest.mark.parametrize("batched", [True, False])
def test_items_gives_every_element_once(kernel: LinuxKernel, batched: bool) -> None:
    numbers: LinuxMap = kernel.create_map(HASH)
    numbers._batched = batched
    expected = {key(n): value(n * n) for n in range(5000)}
    for k, v in expected.items():
        numbers.update(k, v)
    items = list(numbers.items())
    assert len(items) == 5000
    assert dict(items) == expected


@pytest.mark.kernel
def test_a_per_cpu_value_holds_each_cpus_value_in_eight_byte_steps(kernel: LinuxKernel) -> None:
    cpus = kernel.possible_cpus()
    numbers = kernel.create_map(MapDef("per_cpu", MapType.PERCPU_HASH, 4, 4, 2))
    separate = b"".join(struct.pack("<II", cpu + 7, 0) for cpu in range(cpus))
    numbers.update(key(1), separate)
    numbers.update(key(2), struct.pack("<I", 5))
    assert numbers.lookup(key(1)) == separate
    assert numbers.lookup(key(2)) == struct.pack("<II", 5, 0) * cpus
    assert dict(numbers.items()) == {key(1): separate, key(2): struct.pack("<II", 5, 0) * cpus}


@pytest.mark.kernel
def test_a_frozen_map_has_its_contents_and_takes_no_others(kernel: LinuxKernel) -> None:
    table = kernel.create_map(
        MapDef("table", MapType.ARRAY, 4, 8, 1, F_RDONLY_PROG, ((KEY, value(3)),), frozen=True)
    )
    assert table.lookup(KEY) == value(3)
    with pytest.raises(KernelError, match="map table: Operation not permitted"):
        table.update(KEY, value(4))


@pytest.mark.kernel
def test_a_map_of_maps_is_made_with_its_inner_map(kernel: LinuxKernel) -> None:
    before = descriptors()
    made = kernel.create_map(MapDef("outer", MapType.ARRAY_OF_MAPS, 4, 4, 2, inner=HASH))
    assert descriptors() - before == {str(made.fd)}


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("k", "v", "message"),
    [
        (b"\0", value(0), "map numbers: key of 1 bytes, 4 expected"),
        (KEY, b"\0", "map numbers: value of 1 bytes, 8 expected"),
    ],
)
def test_keys_and_values_of_the_wrong_size_are_refused(
    kernel: LinuxKernel, k: bytes, v: bytes, message: str
) -> None:
    with pytest.raises(KernelError, match=message):
        kernel.create_map(HASH).update(k, v)


@pytest.mark.kernel
def test_an_impossible_map_is_an_error_that_names_it(kernel: LinuxKernel) -> None:
    before = descriptors()
    with pytest.raises(KernelError, match="cannot create map empty: Invalid argument"):
        kernel.create_map(MapDef("empty", MapType.ARRAY, 4, 8, 0))
    assert descriptors() == before


@pytest.mark.kernel
@pytest.mark.parametrize("type", [ProgType.RAW_TRACEPOINT, ProgType.KPROBE])
def test_begin_runs_once_in_this_process_on_the_cpu_asked_for(
    kernel: LinuxKernel, type: ProgType
) -> None:
    """RAW_TRACEPOINT goes by BPF_PROG_TEST_RUN; KPROBE is the way of older kernels."""
    where = MapDef("where", MapType.ARRAY, 4, 16, 1)
    text = """
        r6 = map[0]+0 ll
        call bpf_get_current_pid_tgid#14
        r0 >>= 32
        *(u64 *)(r6 +0) = r0
        call bpf_get_smp_processor_id#8
        *(u64 *)(r6 +8) = r0
        r0 = 0
        exit
    """
    found = kernel.create_map(where)
    prog = kernel.load(Prog("where", type, assemble(text), (where,)), [found])
    runs = kernel.create_map(COUNT)
    once = kernel.load(counter(type), [runs])
    before = os.sched_getaffinity(0)
    for cpu in sorted(before):
        kernel.run(prog, cpu)
        assert found.lookup(KEY) == struct.pack("<QQ", os.getpid(), cpu)
        kernel.run(once, cpu)
    assert counted(runs) == len(before)
    assert os.sched_getaffinity(0) == before


@pytest.mark.kernel
def test_close_frees_every_descriptor() -> None:
    before = descriptors()
    with LinuxKernel() as kernel:
        count = kernel.create_map(COUNT)
        kernel.run(kernel.load(counter(ProgType.KPROBE), [count]), 0)
        array = kernel.create_map(MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, 64))
        kernel.open_buffers(array, 4096, kernel.online_cpus())
        assert descriptors() > before
    assert descriptors() == before


@pytest.mark.kernel
def test_wall_offset_leads_from_now_to_the_time_of_day(kernel: LinuxKernel) -> None:
    import time

    assert abs(kernel.now() + kernel.wall_offset() - time.time_ns()) < 50_000_000


@pytest.mark.kernel
def test_current_comm_is_where_btf_says(kernel: LinuxKernel) -> None:
    """The kernel's own helper and a read at BTF's offset agree on task_struct.comm."""
    comm = kernel.offset_of("task_struct", "comm")
    both = MapDef("both", MapType.ARRAY, 4, 32, 1)
    text = f"""
        r6 = map[0]+0 ll
        call bpf_get_current_task#35
        r3 = r0
        r3 += {comm}
        r1 = r6
        r2 = 16
        call bpf_probe_read_kernel#113
        r1 = r6
        r1 += 16
        r2 = 16
        call bpf_get_current_comm#16
        r0 = 0
        exit
    """
    found = kernel.create_map(both)
    prog = Prog("comm", ProgType.RAW_TRACEPOINT, assemble(text), (both,))
    kernel.run(kernel.load(prog, [found]), 0)
    names = found.lookup(KEY)
    assert names is not None
    assert names[:16] == names[16:] != bytes(16)


def test_names_are_cut_and_cleaned_for_the_kernel() -> None:
    assert kernel_name("syscall::read:entry!") == b"syscall__read_e"


def test_cpu_lists_are_read_with_their_ranges() -> None:
    assert parse_cpu_list("0-2,5\n") == [0, 1, 2, 5]
    assert parse_cpu_list("0\n") == [0]


@pytest.mark.parametrize(
    ("number", "cure"),
    [(errno.ENOSYS, "CONFIG_BPF_SYSCALL"), (errno.EMFILE, "ulimit -n"), (errno.ENOMEM, "smaller")],
)
def test_errors_say_what_helps(number: int, cure: str) -> None:
    message = str(explain(OSError(number, os.strerror(number)), "cannot create map m"))
    assert message.startswith(f"cannot create map m: {os.strerror(number)}: ")
    assert cure in message


def test_permission_errors_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from dtrace.backend.linux import caps

    monkeypatch.setattr(caps, "_has_capabilities", lambda: False)
    message = str(explain(PermissionError(errno.EPERM, "Operation not permitted"), "cannot load"))
    assert "root, or CAP_BPF and CAP_PERFMON" in message


@pytest.mark.kernel
def test_abilities_agree_with_what_works(kernel: LinuxKernel) -> None:
    from dtrace.backend.linux.caps import abilities

    missing = {ability.name: ability.missing for ability in abilities()}
    assert missing["privileges"] == ""
    assert (missing["BTF"] == "") is works(lambda: kernel.offset_of("task_struct", "comm"))
    assert (missing["tracefs"] == "") is works(kernel.events)


def works(action: Callable[[], object]) -> bool:
    try:
        action()
    except KernelError:
        return False
    return True
