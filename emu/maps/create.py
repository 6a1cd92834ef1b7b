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
    from emu.kernel.profile import Kernel
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


# Kinds that D programs do not use, imported when one is made: the module and the class.
RARE: dict[MapType, tuple[str, str]] = {
    MapType.ARRAY_OF_MAPS: ("map_in_map", "ArrayOfMaps"),
    MapType.BLOOM_FILTER: ("bloom_filter", "BloomFilterMap"),
    MapType.CGROUP_ARRAY: ("objects", "ObjectArrayMap"),
    MapType.CPUMAP: ("objects", "RedirectMap"),
    MapType.DEVMAP: ("objects", "DevMap"),
    MapType.DEVMAP_HASH: ("objects", "DevMap"),
    MapType.HASH_OF_MAPS: ("map_in_map", "HashOfMaps"),
    MapType.LPM_TRIE: ("lpm_trie", "LpmTrieMap"),
    MapType.LRU_HASH: ("lru_hash", "LruHashMap"),
    MapType.LRU_PERCPU_HASH: ("lru_hash", "PerCpuLruHashMap"),
    MapType.QUEUE: ("queue", "QueueMap"),
    MapType.STACK: ("queue", "StackMap"),
    MapType.TASK_STORAGE: ("task_storage", "TaskStorageMap"),
    MapType.XSKMAP: ("objects", "RedirectMap"),
}

# Kinds that are refused, and why.
NOT_EMULATED: dict[MapType, str] = {
    MapType.ARENA: "arenas are not emulated",
    MapType.CGROUP_STORAGE: "the world has no cgroups",
    MapType.CGRP_STORAGE: "the world has no cgroups",
    MapType.INODE_STORAGE: "the world has no files",
    MapType.INSN_ARRAY: "instruction arrays are not emulated",
    MapType.PERCPU_CGROUP_STORAGE: "the world has no cgroups",
    MapType.REUSEPORT_SOCKARRAY: "the world has no sockets",
    MapType.RHASH: "resizable hashes are not emulated",
    MapType.SK_STORAGE: "the world has no sockets",
    MapType.SOCKHASH: "the world has no sockets",
    MapType.SOCKMAP: "the world has no sockets",
    MapType.STRUCT_OPS: "the world has no kernel functions to replace",
    MapType.USER_RINGBUF: "nobody in the world writes to it",
}


def create(definition: MapDef, mem: AddressSpace, cpus: int, kernel: Kernel | None = None) -> Map:
    """The map that `definition` describes, with its initial elements.

    cpus: possible CPUs.
    kernel: the release to imitate where maps differ; None for the newest.

    Raises MapError for a kind that is not emulated, for sizes that the kernel refuses, for kinds
    and flags that the release does not have.
    """
    if kernel is not None:
        _check_release(definition, kernel)
    made = _kind(definition.type)(definition._replace(frozen=False), mem, cpus)
    if kernel is not None:
        made.adapt(kernel)
    for key, value in definition.init:
        error = made.write(key, value)
        if error:
            raise MapError(-error, f"initial element {key.hex()} is refused")
    made.frozen = definition.frozen
    return made


def _check_release(definition: MapDef, kernel: Kernel) -> None:
    from emu.kernel import maps

    row = maps.by_type(definition.type)
    if row is None:
        return
    kind = definition.type.name.lower()
    if not maps.available(kernel, row):
        raise MapError(EINVAL, f"{kernel.name} has no {kind} maps")
    unknown = definition.flags & ~maps.flags_of(kernel, row)
    if unknown:
        raise MapError(EINVAL, f"{kernel.name} knows no flags {unknown:#x} of {kind} maps")


def _kind(map_type: MapType) -> type[Map]:
    kind = KINDS.get(map_type)
    if kind is None and map_type in RARE:
        from importlib import import_module

        module, name = RARE[map_type]
        kind = getattr(import_module(f"emu.maps.{module}"), name)
    if kind is None:
        reason = NOT_EMULATED.get(map_type, "no kernel makes them")
        raise MapError(EINVAL, f"no maps of type {map_type.name.lower()}: {reason}")
    return kind
