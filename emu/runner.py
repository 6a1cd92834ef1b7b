"""Running batches: what a kernel's BPF_PROG_TEST_RUN and BPF_MAP_LOOKUP_ELEM would answer."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from emu.batch import AttachedRun, MapElement
from emu.kernel.errno import ENOTSUPP
from emu.maps.base import MapError
from emu.maps.create import create
from emu.maps.map_in_map import HashOfMaps
from emu.maps.prog_array import ProgArrayMap
from emu.net.test_run import Outcome, prog_test_run
from emu.vm.engine import make
from emu.vm.fault import VmFault
from emu.vm.interp import BUDGET
from emu.world.scenario import Scenario, TaskSpec
from emu.world.structs import STRUCTS
from emu.world.world import World

if TYPE_CHECKING:
    from emu.batch import BatchMap, BatchProgram, TestRun
    from emu.kernel.profile import Kernel
    from emu.maps.base import Map
    from emu.vm.engine import Engine
    from emu.vm.interp import Vm

# Registers of a system call's arguments, in the user's struct pt_regs.
ARGUMENTS = ("di", "si", "dx", "r10", "r8", "r9")
PT_REGS = struct.Struct("<21Q")


def run(
    program: BatchProgram,
    kernel: Kernel,
    cpus: int,
    *,
    engine: Engine = "auto",
    budget: int = BUDGET,
) -> dict[str, Any]:
    """What the runs of a program gave, and what its maps hold then.

    budget: insns after which a run counts as endless.

    The object to print: `id`, `runs` and `maps`; `message` where a map cannot be created or a run
    broke a rule.  A run that did has errno 14.
    """
    answer: dict[str, Any] = {"id": program.id, "runs": [], "maps": {}}
    world = World(Scenario("batch", cpus=cpus, tasks=(TaskSpec("agent", pid=100),)), kernel)
    try:
        maps = _create(program, world, engine, budget)
    except MapError as err:
        return answer | {"message": f"map refused: {err}"}
    vm = make(program.prog, world.mem, maps, engine=engine, budget=budget)
    for spec in program.runs:
        try:
            if isinstance(spec, AttachedRun):
                outcome = _attached(world, vm, spec)
            else:
                outcome = _tested(world, vm, spec)
        except VmFault as fault:
            answer["message"] = f"fault: {fault}"
            outcome = Outcome(14)
        answer["runs"].append(_shown(outcome))
    for number, (described, made) in enumerate(zip(program.maps, maps, strict=True)):
        if described.dump:
            answer["maps"][str(number)] = {"entries": _contents(made)}
    return answer


def _create(program: BatchProgram, world: World, engine: Engine, budget: int) -> list[Map]:
    """The maps, with everything in them.  Raises MapError."""
    maps: list[Map] = []
    for spec in program.maps:
        made = create(spec.definition, world.mem, world.cpus, world.kernel)
        world.maps[made.address] = made
        maps.append(made)
    for spec, made in zip(program.maps, maps, strict=True):
        _fill(spec, made, maps, world, engine, budget)
    return maps


def _fill(
    spec: BatchMap, made: Map, maps: list[Map], world: World, engine: Engine, budget: int
) -> None:
    """Store the elements that are maps and programs."""
    for element in spec.elements:
        if isinstance(element, MapElement):
            if isinstance(made, HashOfMaps) and 0 <= element.map < len(maps):
                made.insert(element.key, maps[element.map])
        elif isinstance(made, ProgArrayMap):
            prog = element.prog._replace(maps=tuple(each.definition for each in maps))
            made.progs[int.from_bytes(element.key, "little")] = make(
                prog, world.mem, maps, engine=engine, budget=budget
            )


def _tested(world: World, vm: Vm, spec: TestRun) -> Outcome:
    return prog_test_run(
        world,
        vm,
        spec.data,
        spec.ctx,
        repeat=spec.repeat,
        room=spec.room,
        ctx_room=spec.ctx_room,
        cpu=spec.cpu if spec.cpu < world.cpus else 0,
    )


def _attached(world: World, vm: Vm, spec: AttachedRun) -> Outcome:
    """Run at the entry of a system call's function, whose argument is the user's registers."""
    if spec.kind != "kprobe":
        return Outcome(ENOTSUPP)
    user = _registers(dict(zip(ARGUMENTS, spec.args, strict=True)))
    place = world.mem.add(bytearray(user), writable=False)
    for _ in range(spec.times):
        world.run(vm, 0, _registers({"di": place}), task=world.task(100))
    world.mem.remove(place)
    return Outcome()


def _registers(values: dict[str, int]) -> bytes:
    """struct pt_regs with these registers, the others zero."""
    words = [values.get(name, 0) for name in STRUCTS["pt_regs"]]
    return PT_REGS.pack(*words)


def _contents(made: Map) -> list[list[str]]:
    """Keys and values in hex."""
    found = ((key, made.read(key)) for key in made.walk())
    return [[key.hex(), value.hex()] for key, value in found if value is not None]


def _shown(outcome: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {"errno": outcome.errno, "retval": outcome.retval}
    if outcome.data_out:
        shown["data_out"] = outcome.data_out.hex()
    if outcome.ctx_out:
        shown["ctx_out"] = outcome.ctx_out.hex()
    return shown
