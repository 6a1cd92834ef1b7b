"""The world: events in order, on the right CPU, with the records and arguments kernels give."""

from __future__ import annotations

import itertools
import struct
from collections import Counter

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.kernel.syscalls import SYSCALLS, by_name, number_of
from emu.prog import Prog
from emu.vm.interp import Vm
from emu.world import builtin, tracepoints, worldfile
from emu.world.scenario import MS, US, Activity, Buffer, S, Scenario, TaskSpec
from emu.world.structs import SIZES, STRUCTS
from emu.world.world import Tracer, World

KERNEL = Kernel.release("6.12")
READ = by_name()["read"].number


class Probe:
    """A program that does nothing, and what it was called with."""

    def __init__(self, world):
        prog = Prog("probe", ProgType.RAW_TRACEPOINT, assemble("r0 = 0\nexit"))
        self.vm = Vm(prog, world.mem)
        self.calls = []  # (time, cpu, task, context)
        run = self.vm.run

        def observed(context, ctx):
            data = bytes(context.context)
            self.calls.append((world.clock.time, context.cpu, context.task, data))
            return run(context, ctx)

        self.vm.run = observed


def world_of(*tasks, cpus=1, seed=0, **more):
    return World(Scenario("test", tasks, cpus=cpus), KERNEL, seed=seed, **more)


ONE_READ = TaskSpec(
    "reader",
    500,
    in_order=True,
    repeat=3,
    start=(1 * MS, 1 * MS),
    does=(
        Activity(
            "read",
            (7, Buffer(64), 64),
            (5, 5),
            takes=(10 * US, 10 * US),
            blocks=(2 * MS, 2 * MS),
            then=(30 * US, 30 * US),
        ),
    ),
)


def test_task_makes_its_calls_and_exits():
    world = world_of(ONE_READ)
    enter, leave = Probe(world), Probe(world)
    world.attach_tracepoint("syscalls", "sys_enter_read", enter.vm)
    world.attach_tracepoint("syscalls", "sys_exit_read", leave.vm)
    ended = Probe(world)
    world.attach_tracepoint("syscalls", "sys_enter_exit_group", ended.vm)
    start = world.clock.time
    world.run_until(start + 1 * S)

    assert len(enter.calls) == len(leave.calls) == 3
    assert len(ended.calls) == 1
    # The call takes 10 us, then sleeps for 2 ms, then gets the CPU back and returns.
    for (entered, *_), (left, *_) in zip(enter.calls, leave.calls, strict=True):
        assert 2010 * US <= left - entered <= 2020 * US
    assert enter.calls[0][0] >= start + 1 * MS
    assert world.task(500) is None
    assert world.clock.time == start + 1 * S


def test_records_of_a_call_are_those_of_its_format():
    world = world_of(ONE_READ)
    enter, leave = Probe(world), Probe(world)
    world.attach_tracepoint("syscalls", "sys_enter_read", enter.vm)
    world.attach_tracepoint("syscalls", "sys_exit_read", leave.vm)
    world.run_until(world.clock.time + 4 * MS)
    _, _, task, data = enter.calls[0]
    buffer = task.user.buffer(64)
    assert data == struct.pack("<8xi4xQQQ", READ, 7, buffer, 64)
    assert leave.calls[0][3] == struct.pack("<8xi4xQ", READ, 5)
    fields = tracepoints.find(KERNEL, "syscalls", "sys_enter_read").fields
    assert [(f.name, f.type, f.offset, f.size) for f in fields] == [
        ("__syscall_nr", "int", 8, 4),
        ("fd", "unsigned int", 16, 8),
        ("buf", "char *", 24, 8),
        ("count", "size_t", 32, 8),
    ]


def test_raw_tracepoints_see_registers_and_number():
    world = world_of(ONE_READ)
    enter, leave = Probe(world), Probe(world)
    world.attach_raw_tracepoint("sys_enter", enter.vm)
    world.attach_raw_tracepoint("sys_exit", leave.vm)
    world.run_until(world.clock.time + 4 * MS)
    _, _, task, data = enter.calls[0]
    regs, number, *rest = struct.unpack("<12Q", data)
    assert (regs, number, set(rest)) == (task.regs, READ, {0})

    def register(name):
        member = STRUCTS["pt_regs"][name]
        return int.from_bytes(world.mem.read(regs + member.offset, member.size), "little")

    assert (register("di"), register("si"), register("dx")) == (7, task.user.buffer(64), 64)
    assert register("orig_ax") == READ
    assert struct.unpack("<12Q", leave.calls[0][3])[:2] == (task.regs, 5)


def test_blocked_task_leaves_the_cpu_to_another():
    world = world_of(ONE_READ)
    switch, wakeup = Probe(world), Probe(world)
    world.attach_tracepoint("sched", "sched_switch", switch.vm)
    world.attach_raw_tracepoint("sched_wakeup", wakeup.vm)
    world.run_until(world.clock.time + 1 * S)
    seen = [struct.unpack("<8x16siiq16sii", data) for _, _, _, data in switch.calls]
    names = [(prev.rstrip(b"\0"), state, following.rstrip(b"\0"))
             for prev, _, _, state, following, _, _ in seen]  # fmt: skip
    sleeps = (b"reader", 1, b"swapper/0")
    runs = (b"swapper/0", 0, b"reader")
    assert names == [runs, sleeps] * 3 + [runs, (b"reader", 0x10, b"swapper/0")]
    assert len(wakeup.calls) == 4


def test_forked_child_returns_from_the_same_call_then_runs_another_program():
    scenario = worldfile.load("corpus/worlds/families.toml")
    world = World(scenario, KERNEL)
    probes = {}
    for event in ("sched_process_fork", "sched_process_exec", "sched_process_exit"):
        probes[event] = Probe(world)
        world.attach_tracepoint("sched", event, probes[event].vm)
    returns = Probe(world)
    world.attach_tracepoint("syscalls", "sys_exit_clone", returns.vm)
    world.run_until(world.clock.time + 1 * S)

    forks = [data for _, _, _, data in probes["sched_process_fork"].calls]
    assert len(forks) == 5
    parent, pid, child, child_pid = struct.unpack_from("<8xIiIi", forks[0])
    assert forks[0][parent & 0xFFFF :][: parent >> 16] == b"parent\0"
    assert forks[0][child & 0xFFFF :][: child >> 16] == b"parent\0"
    assert pid == 700
    results = [struct.unpack_from("<16xq", data)[0] for _, _, _, data in returns.calls]
    assert sorted(results)[:5] == [0] * 5
    assert child_pid in results
    filename = struct.unpack_from("<8xIii", probes["sched_process_exec"].calls[0][3])[0]
    record = probes["sched_process_exec"].calls[0][3]
    assert record[filename & 0xFFFF :][: filename >> 16] == b"/bin/true\0"
    gone = [data[8:24].rstrip(b"\0") for _, _, _, data in probes["sched_process_exit"].calls]
    assert Counter(gone) == {b"true": 5, b"parent": 1}


def test_parent_is_reached_through_the_task_struct():
    world = world_of(TaskSpec("parent", 10), TaskSpec("child", 20, ppid=10, uid=5, gid=6))
    child = world.task(20)

    def word(base, struct_name, member, size):
        return int.from_bytes(
            world.mem.read(base + STRUCTS[struct_name][member].offset, size), "little"
        )

    parent = word(child.address, "task_struct", "real_parent", 8)
    assert parent == world.task(10).address
    assert word(parent, "task_struct", "tgid", 4) == 10
    cred = word(child.address, "task_struct", "cred", 8)
    assert (word(cred, "cred", "uid", 4), word(cred, "cred", "egid", 4)) == (5, 6)


def test_members_lie_within_their_structs():
    for name, members in STRUCTS.items():
        ends = sorted((member.offset, member.offset + member.size) for member in members.values())
        assert ends[-1][1] <= SIZES[name]
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))


def test_timer_fires_at_multiples_of_its_period_on_the_cpus_it_is_for():
    world = world_of(cpus=3)
    one, every = Probe(world), Probe(world)
    start = world.clock.time
    world.attach_timer(10 * MS, one.vm, cpus=[0])
    hook = world.attach_timer(25 * MS, every.vm)
    world.run_until(start + 60 * MS)
    assert [time - start for time, *_ in one.calls] == [n * 10 * MS for n in range(1, 7)]
    assert [(time - start, cpu) for time, cpu, *_ in every.calls] == [
        (when, cpu) for when in (25 * MS, 50 * MS) for cpu in range(3)
    ]
    assert len(every.calls[0][3]) == 168 + 16
    hook.close()
    world.run_until(start + 200 * MS)
    assert len(every.calls) == 6


def test_closed_hook_sees_no_more():
    world = world_of(ONE_READ)
    probe = Probe(world)
    hook = world.attach_tracepoint("syscalls", "sys_enter_read", probe.vm)
    assert world.traced
    hook.close()
    hook.close()
    world.run_until(world.clock.time + 1 * S)
    assert probe.calls == []
    assert not world.traced


@pytest.mark.parametrize("event", ["sys_enter_nothing", "nothing", "sys_between_read"])
def test_unknown_event_is_refused(event):
    world = world_of()
    with pytest.raises(KeyError):
        world.attach_tracepoint("syscalls", event, Probe(world).vm)
    with pytest.raises(KeyError):
        world.attach_raw_tracepoint(event, Probe(world).vm)


def trace_of_busy_world(seed):
    world = World(builtin.BUSY, KERNEL, seed=seed)
    probe = Probe(world)
    world.attach_raw_tracepoint("sys_enter", probe.vm)
    world.run_until(world.clock.time + 300 * MS)
    return [(time, cpu, task.comm, data) for time, cpu, task, data in probe.calls]


def test_seed_decides_what_happens():
    first = trace_of_busy_world(7)
    assert first == trace_of_busy_world(7)
    assert first != trace_of_busy_world(8)


def test_busy_world_is_busy_and_its_time_goes_forward():
    calls = trace_of_busy_world(0)
    assert 200 < len(calls) < 3000
    assert len({comm for _, _, comm, _ in calls}) >= 5
    assert {cpu for _, cpu, _, _ in calls} == {0, 1}
    assert [time for time, *_ in calls] == sorted(time for time, *_ in calls)


def test_idle_world_makes_no_calls():
    world = World(builtin.IDLE, KERNEL)
    probe = Probe(world)
    world.attach_raw_tracepoint("sys_enter", probe.vm)
    world.run_until(world.clock.time + 10 * S)
    assert probe.calls == []


def test_tracer_has_the_pid_of_the_process_that_traces():
    world = World(builtin.BUSY, KERNEL, tracer=Tracer(812, 1188, 7, 8))
    assert world.tracer.pid == 812
    assert world.tracer.comm == b"dtrace"
    parent = world.mem.read(world.tracer.address + STRUCTS["task_struct"]["real_parent"].offset, 8)
    assert int.from_bytes(parent, "little") == world.task(1188).address
    # The web server that had this pid in the scenario is there with another one.
    assert sorted(t.comm for t in world._tasks.values()).count(b"nginx") == 3


@pytest.mark.parametrize("scenario", builtin.WORLDS.values(), ids=lambda s: s.name)
def test_builtin_worlds_make_calls_that_the_oldest_kernel_has(scenario):
    oldest = Kernel.release(RELEASES[0])
    known = {row.name for row in SYSCALLS if not row.since or oldest.at_least(row.since)}
    for task in scenario.tasks:
        for activity in task.does:
            assert not activity.call or activity.call in known
            assert len(activity.args) == (len(by_name()[activity.call].arguments())
                                          if activity.call else 0)  # fmt: skip


def test_syscall_numbers_and_arguments():
    assert (number_of("read"), number_of("openat"), number_of("exit_group")) == (0, 257, 231)
    assert number_of("no such call") == -1
    assert by_name()["execve"].arguments() == (
        ("const char *", "filename"),
        ("const char *const *", "argv"),
        ("const char *const *", "envp"),
    )
    assert len({row.number for row in SYSCALLS}) == len(SYSCALLS) == len(by_name())
    assert all(len(row.arguments()) <= 6 for row in SYSCALLS)


def test_newer_calls_are_on_newer_kernels_only():
    old = {name for _, name in tracepoints.names(Kernel.release("5.4"))}
    new = {name for _, name in tracepoints.names(Kernel.release("6.18"))}
    assert "sys_enter_clone3" in old
    assert "sys_enter_close_range" not in old
    assert "sys_enter_close_range" in new
    assert tracepoints.find(Kernel.release("5.4"), "syscalls", "sys_enter_close_range") is None
