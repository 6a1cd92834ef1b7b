"""An object's programs in a world: their maps made once, shared, and filled as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.errno import E2BIG
from emu.maps.base import MapError
from emu.maps.create import create
from emu.maps.map_in_map import HashOfMaps
from emu.maps.prog_array import ProgArrayMap
from emu.vm.engine import make

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.maps.base import Map
    from emu.prog import Prog
    from emu.vm.engine import Engine
    from emu.vm.interp import Vm
    from emu.world.world import World

INDEX_SIZE = 4  # bytes of the key of a slot


class Opened(NamedTuple):
    """An object, ready to run."""

    programs: tuple[Vm, ...]  # in the order of emu.objfile.load()
    maps: tuple[Map, ...]  # in the order of Prog.maps


def open_object(progs: Sequence[Prog], world: World, *, engine: Engine = "auto") -> Opened:
    """The programs of one object, as emu.objfile.load() gives them, in a world.

    Raises MapError for a map that the world's kernel refuses, or whose declared contents it does.
    """
    definitions = progs[0].maps if progs else ()
    maps = tuple(create(each, world.mem, world.cpus, world.kernel) for each in definitions)
    world.maps.update((made.address, made) for made in maps)
    programs = tuple(make(prog, world.mem, maps, engine=engine) for prog in progs)
    for made, definition in zip(maps, definitions, strict=True):
        for index, number in definition.slots:
            error = _put(made, index.to_bytes(INDEX_SIZE, "little"), number, programs, maps)
            if error:
                raise MapError(-error, f"slot {index} of {definition.name} is refused")
    return Opened(programs, maps)


def _put(made: Map, key: bytes, number: int, programs: Sequence[Vm], maps: Sequence[Map]) -> int:
    """Store a map or a program: 0 or a negative errno."""
    if isinstance(made, HashOfMaps):
        return made.insert(key, maps[number])
    assert isinstance(made, ProgArrayMap)  # nothing else has slots
    index = int.from_bytes(key, "little")
    if index >= made.max_entries:
        return -E2BIG
    made.progs[index] = programs[number]
    return 0
