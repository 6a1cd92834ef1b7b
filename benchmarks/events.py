"""Whether memory stays flat over millions of events on the emulated kernel, and how fast they go.

    python benchmarks/events.py [--events N] [KIND ...]

Each kind is a program that sends or stores a thousand times a run; between runs the host reads what
came, as dtrace's consumer does.  Printed are events a second (CPU), and the memory of the process
after a tenth of the events and at the end: what it grew by in between is kept for ever.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from dtrace.backend.emulated import EmulatedBuffers
from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.maps.create import create
from emu.maps.perf_event_array import PerfEventArrayMap
from emu.maps.ringbuf import RingBufMap
from emu.prog import MapDef, Prog
from emu.vm import engine
from emu.world.scenario import Scenario
from emu.world.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.maps.base import Map

PER_RUN = 1000
BUFFER = 1 << 20  # bytes: more than a run sends
GROWTH = 4.0  # MB that an allocator may hold on to

# r7 counts the events of a run; the host gives the number of the first as the program's context.
LOOP = """
    r9 = r1
    r8 = *(u64 *)(r1 +0)
    r7 = 0
loop:
    r1 = r8
    r1 += r7
    *(u64 *)(r10 -8) = r1
    *(u64 *)(r10 -16) = r7
{event}
    r7 += 1
    if r7 < 1000 goto loop
    r0 = 0
    exit
"""
RING = """
    r1 = map[0] ll
    r2 = r10
    r2 += -16
    r3 = 16
    r4 = 0
    call 130
"""
PERF = """
    r1 = r9
    r2 = map[0] ll
    r3 = 0xffffffff ll
    r4 = r10
    r4 += -16
    r5 = 16
    call 25
"""
# A new key each time; the one of 256 events ago goes.
HASH = """
    r1 = map[0] ll
    r2 = r10
    r2 += -8
    r3 = r10
    r3 += -16
    r4 = 0
    call 2
    r1 = *(u64 *)(r10 -8)
    r1 += -256
    *(u64 *)(r10 -8) = r1
    r1 = map[0] ll
    r2 = r10
    r2 += -8
    call 3
"""


class Kind(NamedTuple):
    """One way to leave something behind."""

    name: str
    event: str
    map: MapDef


KINDS = (
    Kind("ring buffer", RING, MapDef("events", MapType.RINGBUF, 0, 0, BUFFER)),
    Kind("perf buffer", PERF, MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, 1)),
    Kind("hash map", HASH, MapDef("events", MapType.HASH, 8, 8, 1024)),
)


def reader(world: World, made: Map) -> Callable[[], int]:
    """What the host does between runs; it returns how many records came."""
    if isinstance(made, RingBufMap):
        return lambda: len(made.consume())
    if isinstance(made, PerfEventArrayMap):
        buffers = EmulatedBuffers(world, made, BUFFER, [0], pace=False)
        return lambda: len(buffers.read())
    return lambda: PER_RUN


def resident() -> float:
    """MB of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def measure(kind: Kind, events: int) -> bool:
    """Run a kind and print its line; whether memory stayed flat."""
    world = World(Scenario("benchmark"), Kernel.release("6.12"))
    made = create(kind.map, world.mem, world.cpus)
    world.maps[made.address] = made
    insns = assemble(LOOP.format(event=kind.event))
    prog = Prog("benchmark", ProgType.RAW_TRACEPOINT, insns, (kind.map,))
    vm = engine.make(prog, world.mem, [made])
    read = reader(world, made)
    start, early = time.process_time(), 0.0
    for n in range(0, events, PER_RUN):
        world.run(vm, 0, n.to_bytes(64, "little"))
        came = read()
        if came != PER_RUN:
            raise ValueError(f"{kind.name}: {came} of {PER_RUN} records came")
        if n <= events // 10:
            early = resident()
    rate = events / (time.process_time() - start)
    late = resident()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{kind.name:<12}{events:>10} events{rate / 1e6:>7.2f} M/s   {early:.1f} MB after a tenth, "
        f"{late:.1f} MB at the end, {most:.1f} MB at most",
        flush=True,
    )
    return late - early <= GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure memory over many events.")
    names = [kind.name for kind in KINDS]
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(names)}; default all")
    parser.add_argument("--events", type=int, default=1_000_000, help="of each kind (1000000)")
    options = parser.parse_args()
    unknown = [name for name in options.kinds if name not in names]
    if unknown:
        parser.error(f"no kind {unknown[0]!r}")
    chosen = [kind for kind in KINDS if not options.kinds or kind.name in options.kinds]
    flat = [measure(kind, options.events) for kind in chosen]
    return 0 if all(flat) else 1


if __name__ == "__main__":
    sys.exit(main())
