"""create(): MapDef to Map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import MapType
from emu.kernel.errno import EINVAL
from emu.maps.array import ArrayMap, PerCpuArrayMap
from emu.maps.base import MapError
from emu.maps.hash import HashMap, PerCpuHashMap
from emu.maps.perf_event_array import PerfEventArrayMap
from emu.maps.prog_array import ProgArrayMap
from emu.maps.ringbuf import RingBufMap
from emu.maps.stack_trace import StackTraceMap

if TYPE_CHECKING:
    from emu.maps.base import Map
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

KINDS: dict[MapType, type[Map]] = {
    MapType.ARRAY: ArrayMap,
    MapType.HASH: HashMap,
    MapType.PERCPU_ARRAY: PerCpuArrayMap,
    MapType.PERCPU_HASH: PerCpuHashMap,
    MapType.PERF_EVENT_ARRAY: PerfEventArrayMap,
    MapType.PROG_ARRAY: ProgArrayMap,
    MapType.RINGBUF: RingBufMap,
    MapType.STACK_TRACE: StackTraceMap,
}


def create(definition: MapDef, mem: AddressSpace, cpus: int) -> Map:
    """The map that `definition` describes, with its initial elements.

    cpus: possible CPUs.

    Raises MapError for a kind that is not emulated, and for sizes that the kernel refuses.
    """
    kind = KINDS.get(definition.type)
    if kind is None:
        raise MapError(EINVAL, f"maps of type {definition.type.name.lower()} are not emulated")
    made = kind(definition._replace(frozen=False), mem, cpus)
    for key, value in definition.init:
        error = made.write(key, value)
        if error:
            raise MapError(-error, f"initial element {key.hex()} is refused")
    made.frozen = definition.frozen
    return made
