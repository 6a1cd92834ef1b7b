"""The emulated backend: the Kernel protocol on a world."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import verifier_model
from dtrace.backend.base import KernelError, LoadError
from dtrace.backend.emulated import EmulatedKernel
from dtrace.probes.desc import Begin, RawTracepoint, Timer, Tracepoint
from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.errno import ENOENT, ENOSPC
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from verifier_model.verdict import Unmodelled, Verdict

MS = 1_000_000
WORLDS = Path(__file__).parents[3] / "corpus" / "worlds"
COUNT = MapDef("count", MapType.ARRAY, 4, 8, 1)
EVENTS = MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, 2)
COUNT_ONE = """
    r1 = map[0]+0 ll
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
    r0 = 0
    exit
"""
# Writes `size` bytes of the stack to the buffer, and what that returns to the array.
WRITE = """
    r6 = r1
    r7 = r10
    r7 += -512
    r1 = r6
    r2 = map[1] ll
    r3 = 0xffffffff ll
    r4 = r7
    r5 = {size}
    call bpf_perf_event_output
    r1 = map[0]+0 ll
    *(u64 *)(r1 +0) = r0
    r0 = 0
    exit
"""


@pytest.fixture(autouse=True)
def model(monkeypatch):
    """A model that accepts everything; these tests are about what happens then."""
    monkeypatch.setattr(
        verifier_model, "verify", lambda prog, kernel, log_level=1: Verdict(True), raising=False
    )


def kernel(world="idle", release="6.12", **more):
    return EmulatedKernel(Kernel.release(release), world=world, pace=False, **more)


def load(kernel, text, *definitions, prog_type=ProgType.RAW_TRACEPOINT):
    maps = [kernel.create_map(definition) for definition in definitions]
    prog = Prog("test", prog_type, assemble(text), definitions)
    return kernel.load(prog, maps), maps


def number(map_):
    return int.from_bytes(map_.lookup(bytes(4)), "little", signed=True)


def test_begin_runs_in_this_process():
    machine = kernel()
    text = "call bpf_get_current_pid_tgid\nr0 >>= 32\nr1 = map[0]+0 ll\n*(u64 *)(r1 +0) = r0\nexit"
    prog, (count,) = load(machine, text, COUNT)
    machine.run(prog, 1)
    assert number(count) == os.getpid()


@pytest.mark.parametrize(
    ("site", "count"),
    [
        (Tracepoint("syscalls", "sys_enter_openat"), 20),
        (Tracepoint("syscalls", "sys_exit_read"), 40),
        (Tracepoint("raw_syscalls", "sys_enter"), 81),  # and exit_group
        (RawTracepoint("sys_exit"), 80),
        (RawTracepoint("sched_process_exit"), 1),
        (Timer(100 * MS, every_cpu=False), 20),
        (Timer(100 * MS, every_cpu=True), 40),
    ],
)
def test_program_runs_at_each_event_of_its_site(site, count):
    machine = kernel(str(WORLDS / "one_reader.toml"))
    prog, (counter,) = load(machine, COUNT_ONE, COUNT)
    buffers = machine.open_buffers(machine.create_map(EVENTS), 4096, [0, 1])
    link = machine.attach(prog, site)
    buffers.wait(2.0)
    assert number(counter) == count
    link.close()
    buffers.wait(2.0)
    assert number(counter) == count


@pytest.mark.parametrize(
    "site", [Tracepoint("sched", "nothing"), RawTracepoint("nothing"), Begin()]
)
def test_site_that_is_not_there_is_an_error(site):
    machine = kernel()
    prog, _ = load(machine, "r0 = 0\nexit")
    with pytest.raises(KernelError):
        machine.attach(prog, site)


def test_records_come_with_cpu_and_time_in_order():
    machine = kernel()
    prog, maps = load(machine, WRITE.format(size=24), COUNT, EVENTS)
    buffers = machine.open_buffers(maps[1], 65536, [0, 1])
    machine.attach(prog, Timer(10 * MS, every_cpu=True))
    start = machine.now()
    buffers.wait(0.035)
    samples = buffers.read()
    assert [(s.cpu, s.time - start, len(s.data)) for s in samples] == [
        (cpu, when * MS, 24) for when in (10, 20, 30) for cpu in (0, 1)
    ]
    assert buffers.read() == []
    assert number(maps[0]) == 0


def test_records_that_do_not_fit_are_lost_and_counted():
    machine = kernel()
    prog, maps = load(machine, WRITE.format(size=500), COUNT, EVENTS)
    buffers = machine.open_buffers(maps[1], 4096, [0, 1])
    for _ in range(10):
        machine.run(prog, 0)
    # A record takes 20 + 500 bytes; a ring of 4096 never fills up whole.
    assert len(buffers.read()) == 7
    assert number(maps[0]) == -ENOSPC
    assert buffers.lost() == {0: 3}
    assert buffers.lost() == {}
    machine.run(prog, 0)
    assert len(buffers.read()) == 1


def test_cpu_without_a_buffer_gives_enoent():
    machine = kernel()
    prog, maps = load(machine, WRITE.format(size=8), COUNT, EVENTS)
    buffers = machine.open_buffers(maps[1], 4096, [0])
    machine.run(prog, 1)
    assert number(maps[0]) == -ENOENT
    machine.run(prog, 0)
    assert number(maps[0]) == 0
    buffers.close()
    machine.run(prog, 0)
    assert number(maps[0]) == -ENOENT


def test_wait_ends_early_when_a_buffer_is_half_full():
    machine = kernel()
    prog, maps = load(machine, WRITE.format(size=500), COUNT, EVENTS)
    buffers = machine.open_buffers(maps[1], 8192, [0, 1])
    machine.attach(prog, Timer(10 * MS, every_cpu=False))
    start = machine.now()
    buffers.wait(10)
    assert machine.now() - start == 80 * MS  # 8 records of 520 bytes are more than half of 8192
    assert buffers.lost() == {}


def test_paced_world_does_not_run_ahead_of_real_time():
    machine = EmulatedKernel(Kernel.release("6.12"), world="idle")
    buffers = machine.open_buffers(machine.create_map(EVENTS), 4096, [0])
    start, real = machine.now(), time.monotonic()
    buffers.wait(0.12)
    assert machine.now() - start == 120 * MS
    assert time.monotonic() - real >= 0.12


def test_wall_clock_is_real_or_the_files():
    machine = kernel()
    assert abs(machine.now() + machine.wall_offset() - time.time_ns()) < 5_000 * MS
    fixed = kernel(str(WORLDS / "one_reader.toml"))
    assert fixed.now() + fixed.wall_offset() == 1_717_243_200 * 1000 * MS


def test_refused_program_is_a_load_error_with_the_log(monkeypatch):
    refused = Verdict(False, 22, "R0 !read_ok", log=("0: (95) exit", "R0 !read_ok"))
    monkeypatch.setattr(verifier_model, "verify", lambda prog, kernel, log_level=1: refused)
    with pytest.raises(LoadError) as error:
        load(kernel(), "exit")
    assert str(error.value) == "R0 !read_ok"
    assert error.value.log == "0: (95) exit\nR0 !read_ok"


def test_program_that_the_model_does_not_cover_is_not_loaded(monkeypatch):
    def verify(prog, kernel, log_level=1):
        raise Unmodelled("open-coded iterators", 3)

    monkeypatch.setattr(verifier_model, "verify", verify)
    with pytest.raises(LoadError, match=r"model of 6.12 does not cover it: insn 3: open-coded"):
        load(kernel(), "exit")


def test_maps_answer_like_the_kernels():
    machine = kernel()
    counts = machine.create_map(MapDef("counts", MapType.PERCPU_HASH, 8, 8, 2))
    counts.update(b"a" * 8, (5).to_bytes(8, "little"))
    assert counts.lookup(b"a" * 8) == (5).to_bytes(8, "little") * 2
    assert counts.lookup(b"b" * 8) is None
    assert list(counts.items()) == [(b"a" * 8, (5).to_bytes(8, "little") * 2)]
    counts.delete(b"b" * 8)
    counts.delete(b"a" * 8)
    assert list(counts.items()) == []
    with pytest.raises(KernelError, match="key of 4 bytes, 8 expected"):
        counts.lookup(bytes(4))
    with pytest.raises(KernelError, match="map counts"):
        counts.update(b"a" * 8, bytes(7))


def test_map_that_the_release_does_not_have_is_refused():
    ring = MapDef("ring", MapType.RINGBUF, 0, 0, 4096)
    assert kernel(release="5.8").create_map(ring)
    with pytest.raises(KernelError, match=r"5.4 has no ringbuf maps"):
        kernel(release="5.4").create_map(ring)


def test_what_there_is_to_trace():
    machine = kernel(release="5.4")
    events = set(machine.events())
    assert {("syscalls", "sys_enter_read"), ("sched", "sched_switch")} <= events
    assert ("syscalls", "sys_enter_close_range") not in events
    assert machine.syscalls()["openat"] == 257
    assert "close_range" not in machine.syscalls()
    fields = machine.event_fields("syscalls", "sys_enter_openat")
    assert [field.name for field in fields] == ["__syscall_nr", "dfd", "filename", "flags", "mode"]
    assert machine.raw_event_args("sys_enter") == ("struct pt_regs *", "long")
    with pytest.raises(KernelError, match="sched:nothing does not exist"):
        machine.event_fields("sched", "nothing")
    for group, event in list(events)[::50]:
        assert machine.event_fields(group, event)


def test_offsets_are_those_of_the_worlds_structs():
    machine = kernel()
    assert machine.offset_of("task_struct", "tgid") == 1268
    assert machine.offset_of("task_struct", "thread_info.status") == 16
    with pytest.raises(KernelError, match="no member nothing in struct task_struct"):
        machine.offset_of("task_struct", "nothing")
    with pytest.raises(KernelError, match="no struct nothing"):
        machine.offset_of("nothing", "tgid")


@pytest.mark.parametrize(
    ("release", "prog_type"), [("4.18", ProgType.KPROBE), ("5.10", ProgType.RAW_TRACEPOINT)]
)
def test_begin_programs_are_of_the_type_that_the_release_can_run(release, prog_type):
    machine = kernel(release=release)
    assert machine.begin_prog_type() is prog_type
    prog, (count,) = load(machine, COUNT_ONE, COUNT, prog_type=prog_type)
    machine.run(prog, 0)
    assert number(count) == 1


def test_world_file_problems_are_kernel_errors(tmp_path):
    with pytest.raises(KernelError, match=r"^/nowhere.toml: No such file or directory$"):
        kernel("/nowhere.toml")
    path = tmp_path / "w.toml"
    path.write_text("cpus = 'two'")
    with pytest.raises(KernelError, match=r"w.toml: cpus: expected a number from 1 to 64$"):
        kernel(str(path))


def test_processes_are_those_of_the_world():
    machine = kernel(str(WORLDS / "one_reader.toml"))
    target = machine.grab_process(812)
    assert target.pid == 812
    assert not target.wait(0)
    machine.open_buffers(machine.create_map(EVENTS), 4096, [0]).wait(2)
    assert target.wait(0)
    with pytest.raises(KernelError, match="no process 813 in the world"):
        machine.grab_process(813)
    with pytest.raises(KernelError, match="--backend=kernel"):
        machine.start_process("true")


def test_things_of_another_kernel_are_refused():
    machine = kernel()
    foreign = SimpleNamespace(definition=EVENTS)
    with pytest.raises(KernelError):
        machine.open_buffers(foreign, 4096, [0])
    with pytest.raises(KernelError):
        machine.run(SimpleNamespace(), 0)
    with pytest.raises(KernelError, match="is not a perf event array"):
        machine.open_buffers(machine.create_map(COUNT), 4096, [0])


def test_banner_names_release_and_world():
    assert kernel(release="5.10").banner == 'emulated kernel 5.10, world "idle"'
