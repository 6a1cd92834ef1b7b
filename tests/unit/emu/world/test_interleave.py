"""Programs between and inside one another: races, recursion, lost events, each by a seed."""

from __future__ import annotations

import struct

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import F_NO_PREALLOC, MapType, ProgType
from emu.kernel.errno import EBUSY, EDEADLK
from emu.kernel.profile import Kernel
from emu.maps.create import create
from emu.prog import MapDef, Prog
from emu.vm.engine import make
from emu.vm.fault import Kind, VmFault
from emu.world.interleave import Interleaving, Level
from emu.world.scenario import Scenario, TaskSpec
from emu.world.world import World

COUNT = MapDef("count", MapType.ARRAY, 4, 8, 1)
KEYS = MapDef("keys", MapType.HASH, 4, 8, 4)
RING = MapDef("ring", MapType.RINGBUF, 0, 0, 4096)
SEEDS = range(60)


class Machine:
    """Two CPUs, maps, and an interleaving."""

    def __init__(self, *definitions, kernel="6.12", seed=0, cpus=2):
        tasks = (TaskSpec("worker", pid=100),)
        self.world = World(Scenario("test", tasks, cpus=cpus), Kernel.release(kernel))
        self.maps = [create(each, self.world.mem, cpus, self.world.kernel) for each in definitions]
        self.world.maps.update((made.address, made) for made in self.maps)
        self.definitions = definitions
        self.cpus = Interleaving(self.world, seed)

    def load(self, text, type_=ProgType.RAW_TRACEPOINT):
        prog = Prog("test", type_, assemble(text), self.definitions)
        return make(prog, self.world.mem, self.maps, engine="interpreter")

    def start(self, cpu, text, type_=ProgType.RAW_TRACEPOINT, **more):
        return self.cpus.start(cpu, self.load(text, type_), **more)


def u32(number):
    return struct.pack("<I", number)


def u64(number):
    return struct.pack("<Q", number)


NOTHING = "r0 = 0\nexit"
# A program of 20 insns in which others can come.
LONG = "r0 = 0\n" + "r0 += 1\n" * 18 + "exit"


def find(key, map_=0):
    return f"""
        *(u32 *)(r10 -4) = {key}
        r1 = map[{map_}] ll
        r2 = r10
        r2 += -4
        call bpf_map_lookup_elem#1
        if r0 != 0 goto found
        r0 = -1
        exit
    found:
    """


def update(key, value, map_=0):
    return f"""
        *(u32 *)(r10 -4) = {key}
        *(u64 *)(r10 -16) = {value}
        r1 = map[{map_}] ll
        r2 = r10
        r2 += -4
        r3 = r10
        r3 += -16
        r4 = 0
        call bpf_map_update_elem#2
    """


def delete(key):
    return f"""
        *(u32 *)(r10 -4) = {key}
        r1 = map[0] ll
        r2 = r10
        r2 += -4
        call bpf_map_delete_elem#3
    """


INCREMENT = """
    r6 = *(u64 *)(r0 +0)
    r6 += 1
    *(u64 *)(r0 +0) = r6
    r0 = r6
    exit
"""


# -- CPUs


def test_cpus_take_turns_by_instruction_in_an_order_that_the_seed_gives():
    def counted(seed):
        machine = Machine(COUNT, seed=seed)
        # Each reads the number, and stores one more: what the other did in between is lost.
        text = "r6 = map[0]+0 ll\n" + "r1 = *(u64 *)(r6 +0)\nr1 += 1\n*(u64 *)(r6 +0) = r1\n" * 5
        for cpu in range(2):
            machine.start(cpu, text + NOTHING)
        machine.cpus.run()
        return struct.unpack("<Q", machine.maps[0].read(u32(0)))[0]

    counts = [counted(seed) for seed in SEEDS]
    assert counts == [counted(seed) for seed in SEEDS]
    assert min(counts) < 10, "some are lost"
    assert len(set(counts)) > 2


def test_atomic_additions_of_cpus_are_never_lost():
    for seed in SEEDS:
        machine = Machine(COUNT, seed=seed)
        text = "r6 = map[0]+0 ll\nr1 = 1\n" + "lock *(u64 *)(r6 +0) += r1\n" * 5
        for cpu in range(2):
            machine.start(cpu, text + NOTHING)
        machine.cpus.run()
        assert machine.maps[0].read(u32(0)) == u64(10)


def raced(definition, release, seed):
    """What a reader of key 1, who adds 1, gets, and what key 2 holds that takes key 1's place."""
    machine = Machine(definition, kernel=release, seed=seed)
    machine.maps[0].write(u32(1), u64(111))
    reader = machine.start(0, find(1) + "r7 = 0\n" + "r7 += 1\n" * 10 + INCREMENT)
    machine.start(1, delete(1) + update(2, 222) + NOTHING)
    machine.cpus.run()
    return reader.result, machine.maps[0].read(u32(2))


MISSING = (2**64 - 1, u64(222))
IN_TIME = (112, u64(222))
TOO_LATE = (223, u64(223))  # it read and changed another key's value
TORN = (112, u64(112))  # it overwrote another key's value with its own
NOT_PREALLOCATED = KEYS._replace(flags=F_NO_PREALLOC)


@pytest.mark.parametrize(
    ("definition", "release"), [(KEYS, "5.10"), (KEYS, "6.12"), (NOT_PREALLOCATED, "6.1")]
)
def test_deleted_element_is_used_again_while_another_cpu_holds_its_address(definition, release):
    outcomes = {raced(definition, release, seed) for seed in SEEDS}
    assert {MISSING, IN_TIME, TOO_LATE} <= outcomes <= {MISSING, IN_TIME, TOO_LATE, TORN}
    seed = next(seed for seed in SEEDS if raced(definition, release, seed) == TOO_LATE)
    assert raced(definition, release, seed) == TOO_LATE, "by its seed it happens again"


def test_deleted_element_of_an_old_release_is_not_used_again_before_it_was_freed():
    outcomes = {raced(NOT_PREALLOCATED, "5.10", seed) for seed in SEEDS}
    assert outcomes == {MISSING, IN_TIME}


def test_places_that_wait_to_be_freed_are_few():
    machine = Machine(NOT_PREALLOCATED, kernel="5.10")
    (made,) = machine.maps
    for number in range(1000):
        assert made.store(u32(number % 4), u64(number), 0, 0) == 0
        assert number % 3 or made.remove(u32(number % 4)) == 0
    assert {key: made.read(key) for key in made.walk()} == {
        u32(n % 4): u64(n) for n in range(996, 1000) if n % 3
    }
    assert made.places < 80


# -- Interrupts

THREAD_LOCAL = """
    call bpf_get_current_pid_tgid#14
    *(u64 *)(r10 -8) = r0
    r1 = {value}
    *(u64 *)(r10 -16) = r1
    r1 = map[0] ll
    r2 = r10
    r2 += -8
    r3 = r10
    r3 += -16
    r4 = 0
    call bpf_map_update_elem#2
    r1 = map[0] ll
    r2 = r10
    r2 += -8
    call bpf_map_lookup_elem#1
    if r0 != 0 goto found
    exit
found:
    r0 = *(u64 *)(r0 +0)
    exit
"""


@pytest.mark.parametrize("level", [Level.HARDIRQ, Level.NMI])
def test_interrupt_has_the_variables_of_the_thread_that_it_interrupts(level):
    """A thread-local variable is kept by the thread's id, which an interrupt has not of its own."""
    found = set()
    for seed in SEEDS:
        machine = Machine(MapDef("self", MapType.HASH, 8, 8, 8), seed=seed)
        tick = machine.load(THREAD_LOCAL.format(value=2), ProgType.PERF_EVENT)
        machine.cpus.interrupt(tick, level, one_in=12)
        task = machine.world.task(100)
        thread = machine.start(0, THREAD_LOCAL.format(value=1), task=task)
        machine.cpus.run()
        found.add(thread.result)
    assert found == {1, 2}


def test_interrupt_runs_inside_what_has_a_lower_level_and_after_the_rest():
    machine = Machine()
    outer = machine.start(0, LONG)
    nmi = machine.start(0, LONG, ProgType.PERF_EVENT, level=Level.NMI)
    irq = machine.start(0, LONG, level=Level.HARDIRQ)
    assert (nmi.inside, irq.inside) == (outer, None)
    while nmi.result is None:
        machine.cpus.step(0)
    assert outer.result is None
    assert irq.inside is outer, "it was kept waiting, and now has begun"
    while irq.result is None:
        machine.cpus.step(0)
    assert outer.result is None
    machine.cpus.run()
    assert outer.result == 18


def test_programs_of_one_level_follow_one_another_on_a_cpu():
    machine = Machine()
    first, second = machine.start(0, LONG), machine.start(0, NOTHING)
    machine.cpus.step(0)
    assert second.inside is None
    machine.cpus.run()
    assert (first.result, second.result) == (18, 0)


# -- Recursion

KPROBE, TRACEPOINT, PERF = ProgType.KPROBE, ProgType.TRACEPOINT, ProgType.PERF_EVENT
RAW_TP, TRACING = ProgType.RAW_TRACEPOINT, ProgType.TRACING


@pytest.mark.parametrize(
    ("release", "outer", "inner", "runs", "counted"),
    [
        # bpf_prog_active: one program of these three types at a time on a CPU.
        ("6.12", KPROBE, PERF, False, False),
        ("6.12", PERF, TRACEPOINT, False, True),
        ("6.6", TRACEPOINT, TRACEPOINT, False, False),
        ("6.7", TRACEPOINT, TRACEPOINT, False, True),
        ("5.10", KPROBE, TRACEPOINT, False, False),
        # The others do not look at it, and do not touch it.
        ("6.12", RAW_TP, PERF, True, False),
        ("6.12", KPROBE, RAW_TP, True, False),
        ("6.12", TRACING, RAW_TP, True, False),
    ],
)
def test_program_inside_another_runs_if_the_release_lets_it(release, outer, inner, runs, counted):
    machine = Machine(kernel=release)
    first = machine.start(0, LONG, outer)
    second = machine.start(0, NOTHING, inner, level=Level.NMI)
    elsewhere = machine.start(1, NOTHING, inner, level=Level.NMI)
    machine.cpus.run()
    assert (first.result, elsewhere.result) == (18, 0)
    assert second.missed is not runs
    assert machine.cpus.misses[second.vm] == counted


@pytest.mark.parametrize(
    ("release", "type_", "runs"),
    [
        ("5.10", RAW_TP, True),
        ("6.1", RAW_TP, False),
        ("5.10", TRACING, True),
        ("5.15", TRACING, False),
    ],
)
def test_program_inside_itself_is_missed_and_counted_since_it_has_a_counter(release, type_, runs):
    machine = Machine(kernel=release)
    vm = machine.load(LONG, type_)
    machine.cpus.start(0, vm)
    inner = machine.cpus.start(0, vm, level=Level.HARDIRQ)
    another = machine.start(0, LONG, type_, level=Level.NMI)
    machine.cpus.run()
    assert inner.missed is not runs
    assert machine.cpus.misses[vm] == (not runs)
    assert another.result == 18, "another program has another counter"


@pytest.mark.parametrize(("release", "runs"), [("6.12", False), ("7.2", True)])
def test_program_of_a_system_calls_tracepoint_lets_others_run_inside_since_it_may_fault(
    release, runs
):
    machine = Machine(kernel=release)
    outer = machine.load(LONG, TRACEPOINT)
    machine.cpus.start(0, outer, syscall=True)
    inner = machine.start(0, NOTHING, PERF, level=Level.NMI)
    same = machine.cpus.start(0, outer, level=Level.NMI, syscall=True)
    machine.cpus.run()
    assert inner.missed is not runs
    assert same.missed
    assert machine.cpus.misses[outer] == 1


def test_kprobe_inside_a_kprobe_counts_as_missed_by_the_probe():
    machine = Machine()
    machine.start(0, LONG, KPROBE)
    inner = machine.start(0, NOTHING, KPROBE, level=Level.NMI)
    machine.cpus.run()
    assert inner.missed
    assert (machine.cpus.probe_misses[inner.vm], machine.cpus.misses[inner.vm]) == (1, 0)


# -- Locks


def nmi_update(release, key, seed):
    """What an NMI gets that updates a hash while the program it interrupts updates key 1."""
    machine = Machine(KEYS, kernel=release, seed=seed)
    machine.start(0, update(1, 5) + "exit")
    for _ in range(8):  # the next instruction is the call
        machine.cpus.step(0)
    inner = machine.start(0, update(key, 7) + "exit", PERF, level=Level.NMI)
    machine.cpus.run()
    return inner.lock is not None, inner.result, machine.maps[0].read(u32(key))


@pytest.mark.parametrize(("release", "errno"), [("5.15", EBUSY), ("6.12", EBUSY), ("7.2", EDEADLK)])
def test_update_of_a_hash_inside_an_update_of_the_same_bucket_fails(release, errno):
    shown = 2**32 if release == "5.15" else 2**64
    outcomes = {nmi_update(release, 1, seed) for seed in SEEDS}
    # Between two instructions it works, and the other one stores its value later.
    assert outcomes == {(True, shown - errno, u64(5)), (False, 0, u64(5))}


def test_update_of_a_hash_inside_an_update_of_another_bucket_works():
    outcomes = {nmi_update("6.12", 2, seed) for seed in SEEDS}
    assert outcomes == {(True, 0, u64(7)), (False, 0, u64(7))}


def test_a_cpu_of_an_old_release_waits_for_itself():
    seed = next(seed for seed in SEEDS if nmi_update("6.12", 1, seed)[0])
    with pytest.raises(VmFault, match="own CPU holds") as caught:
        nmi_update("5.10", 1, seed)
    assert caught.value.kind == Kind.ENDLESS


def test_a_cpu_waits_while_another_holds_the_lock():
    seen = set()
    for seed in SEEDS:
        machine = Machine(KEYS, seed=seed)
        machine.maps[0].write(u32(1), u64(3))
        machine.start(0, update(1, 5) + "exit")
        for _ in range(8):
            machine.cpus.step(0)
        look = "r9 = 0\n" + "r9 += 1\n" * 4 + find(1) + "r0 = *(u64 *)(r0 +0)\nexit"
        inner = machine.start(0, look, PERF, level=Level.NMI)
        other = machine.start(1, update(1, 7) + "exit")
        machine.cpus.run()
        seen.add((inner.lock is not None, inner.result))
        assert other.result == 0
    assert seen == {(True, 3), (False, 3), (False, 7)}


def test_cpus_whose_nmis_want_each_others_locks_are_lost_but_for_newer_releases():
    def crossed(release, seed):
        machine = Machine(KEYS, kernel=release, seed=seed)
        for cpu in range(2):
            machine.start(cpu, update(cpu, 5) + "exit")
            for _ in range(8):
                machine.cpus.step(cpu)
        inner = [
            machine.start(cpu, update(1 - cpu, 7) + "exit", PERF, level=Level.NMI)
            for cpu in range(2)
        ]
        locked = all(each.lock for each in inner)
        try:
            machine.cpus.run()
        except VmFault as fault:
            return locked, fault.kind
        return locked, sum(each.result == 2**64 - EDEADLK for each in inner)

    assert {crossed("6.12", seed) for seed in SEEDS} == {(True, Kind.ENDLESS), (False, 0)}
    assert {crossed("7.2", seed) for seed in SEEDS} == {(True, 1), (False, 0)}


PUSH = """
    *(u64 *)(r10 -8) = 1
    r1 = map[0] ll
    r2 = r10
    r2 += -8
    r3 = 0
    call bpf_map_push_elem#87
    exit
"""


@pytest.mark.parametrize(("release", "results"), [("6.12", {0, 2**64 - EBUSY}), ("7.2", {0})])
def test_an_nmi_only_tries_the_lock_of_a_queue_before_locks_were_resilient(release, results):
    found = set()
    for seed in SEEDS:
        machine = Machine(MapDef("queue", MapType.QUEUE, 0, 8, 8), kernel=release, seed=seed)
        machine.start(0, PUSH)
        for _ in range(5):
            machine.cpus.step(0)
        inner = machine.start(0, "r0 = 0\n" + "r0 += 1\n" * 4 + "exit", PERF, level=Level.NMI)
        other = machine.start(1, PUSH, PERF, level=Level.NMI)
        machine.cpus.run()
        if inner.lock:
            found.add(other.result)
    assert found == results


# -- Lost events

SEND = """
    r6 = map[0] ll
    r1 = r6
    r2 = 1000
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto lost
    *(u64 *)(r0 +0) = 1
    r1 = r0
    r2 = 0
    call bpf_ringbuf_submit#132
    r0 = 0
    exit
lost:
    r1 = map[1]+0 ll
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
    r0 = -1
    exit
"""


def test_what_a_full_ring_buffer_does_not_take_is_counted_by_the_programs():
    for seed in SEEDS:
        machine = Machine(RING, COUNT, seed=seed)
        for cpu in (0, 1, 0, 1, 0, 1):
            machine.start(cpu, SEND)
        machine.cpus.run()
        ring, count = machine.maps
        (lost,) = struct.unpack("<Q", count.read(u32(0)))
        assert (len(ring.consume()), lost) == (4, 2), "4,096 bytes hold 4 of 1,008"


def test_an_nmi_inside_a_reservation_loses_its_event_though_there_is_room():
    outcomes = set()
    for seed in SEEDS:
        machine = Machine(RING, COUNT, seed=seed)
        machine.start(0, SEND)
        for _ in range(4):
            machine.cpus.step(0)
        inner = machine.start(0, SEND, PERF, level=Level.NMI)
        machine.cpus.run()
        (lost,) = struct.unpack("<Q", machine.maps[1].read(u32(0)))
        outcomes.add((inner.lock is not None, len(machine.maps[0].consume()), lost))
    assert outcomes == {(True, 1, 1), (False, 2, 0)}
