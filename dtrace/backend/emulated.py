"""EmulatedKernel: a world and the verifier's model, behind the Kernel protocol."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtrace.backend.base import KernelError, LoadError, Sample, ring_size
from dtrace.probes.desc import Field, RawTracepoint, Timer, Tracepoint
from emu.kernel.enums import ProgType
from emu.kernel.errno import ENOSPC
from emu.kernel.traits import Trait
from emu.maps.base import MapError
from emu.maps.create import create
from emu.maps.perf_event_array import PerfEventArrayMap
from emu.vm import engine
from emu.world import builtin
from emu.world.world import Tracer, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtrace.backend.base import LoadedProg, Map, Target
    from dtrace.backend.emulated_types import EmulatedTypes
    from dtrace.probes.desc import Site
    from dtrace.types.model import Type
    from emu.kernel.profile import Kernel as Profile
    from emu.maps.base import Map as EmulatorMap
    from emu.prog import MapDef, Prog
    from emu.vm.interp import Vm
    from emu.world.scenario import Scenario
    from emu.world.world import Hook

NANOSECONDS = 1_000_000_000
PAGE = 4096
SAMPLE_OVERHEAD = 20  # bytes: struct perf_event_header, the time, the size of the data
SHORTEST_SLEEP = 5_000_000  # nanoseconds: what happens in less is done at once


class EmulatedMap:
    """A map of the world.  Implements backend.base.Map."""

    def __init__(self, definition: MapDef, world: World) -> None:
        """Raises KernelError where the kernel would not create it."""
        self.definition = definition
        try:
            self.inside: EmulatorMap = create(definition, world.mem, world.cpus)
        except MapError as error:
            raise KernelError(f"cannot create map {definition.name}: {error}") from None
        world.maps[self.inside.address] = self.inside

    def lookup(self, key: bytes) -> bytes | None:
        """The value at `key`, or None."""
        return self.inside.read(self._whole_key(key))

    def update(self, key: bytes, value: bytes) -> None:
        """Store `value` at `key`.  A per-CPU kind takes all CPUs' values, or one for all."""
        error = self.inside.write(self._whole_key(key), value)
        if error:
            raise KernelError(f"map {self.definition.name}: update failed with errno {-error}")

    def delete(self, key: bytes) -> None:
        """Remove `key`; nothing happens where it is not there."""
        self.inside.remove(self._whole_key(key))

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of every element."""
        for key in self.inside.walk():
            value = self.inside.read(key)
            if value is not None:
                yield key, value

    def _whole_key(self, key: bytes) -> bytes:
        if len(key) != self.definition.key_size:
            raise KernelError(
                f"map {self.definition.name}: key of {len(key)} bytes, "
                f"{self.definition.key_size} expected"
            )
        return key


class EmulatedProg:
    """A program that the model accepted.  Implements backend.base.LoadedProg."""

    __slots__ = ("prog", "vm")

    def __init__(self, prog: Prog, vm: Vm) -> None:
        self.prog = prog
        self.vm = vm

    def close(self) -> None:
        """Nothing holds the program but those who use it."""


class Ring:
    """The buffer of one CPU: records that do not fit are lost, and counted."""

    __slots__ = ("buffers", "capacity", "cpu", "lost", "used")

    def __init__(self, buffers: EmulatedBuffers, cpu: int, capacity: int) -> None:
        self.buffers = buffers
        self.cpu = cpu
        self.capacity = capacity
        self.used = 0
        self.lost = 0

    def output(self, data: bytes) -> int:
        return self.buffers.output(self, data)


class EmulatedBuffers:
    """Buffers behind a perf event array.  Implements backend.base.Buffers.

    pace: whether the world's time may not run ahead of real time.
    """

    def __init__(
        self, world: World, array: PerfEventArrayMap, size: int, cpus: Sequence[int], pace: bool
    ) -> None:
        self._world = world
        self._array = array
        self._samples: list[Sample] = []
        self.size = ring_size(size, PAGE)
        self._rings = [Ring(self, cpu, self.size) for cpu in cpus]
        for ring in self._rings:
            array.outputs[ring.cpu] = ring
        self._pace = pace
        self._started: tuple[int, int] | None = None  # real time, world's time

    def output(self, ring: Ring, data: bytes) -> int:
        """A program's record: 0, or -ENOSPC where it does not fit.

        Source: __perf_output_begin(), kernel/events/ring_buffer.c.
        """
        size = -(-(SAMPLE_OVERHEAD + len(data)) // 8) * 8
        if ring.used + size >= ring.capacity:
            ring.lost += 1
            self._world.stop = True
            return -ENOSPC
        ring.used += size
        self._samples.append(Sample(ring.cpu, self._world.clock.time, data))
        if 2 * ring.used > ring.capacity:
            self._world.stop = True
        return 0

    def wait(self, timeout: float) -> None:
        """Let the world go on for `timeout` seconds, or until a buffer is half full."""
        world = self._world
        end = world.clock.time + round(timeout * NANOSECONDS)
        if not self._pace:
            world.run_until(end)
            return
        if self._started is None:
            self._started = (time.monotonic_ns(), world.clock.time)
        while True:
            passed = time.monotonic_ns() - self._started[0]
            allowed = self._started[1] + passed
            world.run_until(min(end, allowed))
            if world.stop or world.clock.time >= end:
                return
            following = world.clock.next_time() or end
            until = min(end, max(following, allowed + SHORTEST_SLEEP))
            time.sleep((until - allowed) / NANOSECONDS)

    def read(self) -> Sequence[Sample]:
        """All records written so far.  The world has one order of events, so they are sorted."""
        samples, self._samples = self._samples, []
        for ring in self._rings:
            ring.used = 0
        return samples

    def lost(self) -> dict[int, int]:
        """Records lost since the last call, by CPU; CPUs that lost none are left out."""
        lost = {ring.cpu: ring.lost for ring in self._rings if ring.lost}
        for ring in self._rings:
            ring.lost = 0
        return lost

    def close(self) -> None:
        """Take the buffers away: programs get -ENOENT."""
        for ring in self._rings:
            self._array.outputs.pop(ring.cpu, None)


class EmulatedKernel:
    """A kernel that is not there.  Implements backend.base.Kernel.

    profile: the release it imitates.
    world: "busy" or "idle", or the path of a world file.
    seed: the same seed gives the same events.
    pace: whether the world's time passes as real time does, or jumps.

    Raises KernelError for a world file that cannot be used.
    """

    def __init__(
        self, profile: Profile, *, world: str | None = None, seed: int = 0, pace: bool = True
    ) -> None:
        import os

        scenario = _scenario(world or builtin.BUSY.name)
        tracer = Tracer(os.getpid(), os.getppid(), os.getuid(), os.getgid())
        self.profile = profile
        self.world = World(scenario, profile, seed=seed, tracer=tracer, wall=time.time_ns())
        self._pace = pace
        self._types: EmulatedTypes | None = None  # made when a program first asks

    @property
    def banner(self) -> str:
        """Where the data come from: nothing is invented silently."""
        return f'emulated kernel {self.profile.name}, world "{self.world.scenario.name}"'

    # -- The machine

    def possible_cpus(self) -> int:
        return self.world.cpus

    def online_cpus(self) -> list[int]:
        return list(range(self.world.cpus))

    # -- What there is to trace

    def events(self) -> list[tuple[str, str]]:
        from emu.world import tracepoints

        return tracepoints.names(self.profile)

    def event_fields(self, group: str, event: str) -> tuple[Field, ...]:
        from emu.world import tracepoints

        found = tracepoints.find(self.profile, group, event)
        if found is None:
            raise KernelError(f"tracepoint {group}:{event} does not exist on this kernel")
        return tuple(Field(*field) for field in found.fields)

    def raw_event_args(self, event: str) -> tuple[str, ...]:
        from emu.world import tracepoints

        return next((row.raw_args for row in tracepoints.EVENTS if row.name == event), ())

    def syscalls(self) -> dict[str, int]:
        from emu.kernel.syscalls import traceable

        return {row.name: row.number for row in traceable(self.profile)}

    def chip_of(self, cpu: int) -> int:
        """The emulated machine has one socket."""
        return 0

    def offset_of(self, struct: str, member: str) -> int:
        from emu.world.structs import STRUCTS

        members = STRUCTS.get(struct)
        if members is None:
            raise KernelError(f"the emulated kernel has no struct {struct}")
        if member not in members:
            raise KernelError(f"the emulated kernel has no member {member} in struct {struct}")
        return members[member].offset

    def c_type(self, kind: str, name: str) -> Type | None:
        if self._types is None:
            from dtrace.backend.emulated_types import EmulatedTypes

            self._types = EmulatedTypes()
        return self._types.c_type(kind, name)

    # -- Loading

    def create_map(self, definition: MapDef) -> EmulatedMap:
        from emu.kernel import maps

        row = maps.by_type(definition.type)
        if row is None or not maps.available(self.profile, row):
            kind = definition.type.name.lower()
            raise KernelError(
                f"cannot create map {definition.name}: {self.profile.name} has no {kind} maps"
            )
        return EmulatedMap(definition, self.world)

    def load(self, prog: Prog, maps: Sequence[Map]) -> EmulatedProg:
        """The program, if the model accepts it.  Raises LoadError with the model's log."""
        import verifier_model
        from verifier_model.verdict import Unmodelled

        try:
            verdict = verifier_model.verify(prog, self.profile, log_level=0)
        except Unmodelled as unmodelled:
            raise LoadError(
                f"the model of {self.profile.name} does not cover it: {unmodelled}",
                insn=unmodelled.insn,
            ) from None
        if not verdict.accepted:
            # The walk is done again for its log, which few programs need.
            verdict = verifier_model.verify(prog, self.profile, log_level=1)
            raise LoadError(verdict.complaint, "\n".join(verdict.log), verdict.insn)
        inside = [_own(map_).inside for map_ in maps]
        return EmulatedProg(prog, engine.make(verdict.loaded(prog), self.world.mem, inside))

    def attach(self, prog: LoadedProg, site: Site, cpus: Sequence[int] = ()) -> Hook:
        vm = _own_prog(prog).vm
        try:
            match site:
                case Tracepoint(group, event):
                    return self.world.attach_tracepoint(group, event, vm)
                case RawTracepoint(event):
                    return self.world.attach_raw_tracepoint(event, vm)
                case Timer(period):
                    on = site.choose(cpus or self.online_cpus())
                    return self.world.attach_timer(period, vm, cpus=on)
        except KeyError as missing:
            raise KernelError(
                f"tracepoint {missing.args[0]} does not exist on this kernel"
            ) from None
        raise KernelError(f"the emulated kernel cannot attach a program to {site}")

    def begin_prog_type(self) -> ProgType:
        """What the release needs: the same program is judged as on the real one."""
        if self.profile.has(Trait.RAW_TP_TEST_RUN):
            return ProgType.RAW_TRACEPOINT
        return ProgType.KPROBE

    def run(self, prog: LoadedProg, cpu: int) -> None:
        self.world.run_as_tracer(_own_prog(prog).vm, cpu)

    def open_buffers(self, array: Map, size: int, cpus: Sequence[int]) -> EmulatedBuffers:
        inside = _own(array).inside
        if not isinstance(inside, PerfEventArrayMap):
            raise KernelError(f"map {array.definition.name} is not a perf event array")
        return EmulatedBuffers(self.world, inside, size, cpus, self._pace)

    # -- Processes

    def start_process(self, command: str) -> Target:
        raise KernelError("-c runs a command on the real kernel: use --backend=kernel")

    def grab_process(self, pid: int) -> Target:
        if self.world.task(pid) is None:
            raise KernelError(f"no process {pid} in the world; -p of a real one: --backend=kernel")
        return EmulatedTarget(self.world, pid)

    # -- Time

    def now(self) -> int:
        return self.world.clock.time

    def wall_offset(self) -> int:
        return self.world.wall_offset

    def close(self) -> None:
        """A world is only memory."""


class EmulatedTarget:
    """A process of the world.  Implements backend.base.Target."""

    def __init__(self, world: World, pid: int) -> None:
        self.pid = pid
        self._world = world

    def start(self) -> None:
        """It runs already."""

    def wait(self, timeout: float) -> bool:
        """Whether it is gone.  Time passes with Buffers.wait() only."""
        return self._world.task(self.pid) is None


def _scenario(name: str) -> Scenario:
    if name in builtin.WORLDS:
        return builtin.WORLDS[name]
    from emu.world.worldfile import WorldError, load

    try:
        return load(name)
    except WorldError as error:
        raise KernelError(str(error)) from None


def _own(map_: Map) -> EmulatedMap:
    if not isinstance(map_, EmulatedMap):
        raise KernelError(f"map {map_.definition.name} does not belong to this kernel")
    return map_


def _own_prog(prog: LoadedProg) -> EmulatedProg:
    if not isinstance(prog, EmulatedProg):
        raise KernelError("the program does not belong to this kernel")
    return prog
