"""MAP_TYPES: what each map type demands of its creator, and who may use it.

Sources: map_alloc_check() and map_alloc() of each struct bpf_map_ops, and
check_map_func_compatibility() in kernel/bpf/verifier.c.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel import enums
from emu.kernel.enums import MapType
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import MapDef

ANY_SIZE = -1

_ACCESS = enums.F_RDONLY | enums.F_WRONLY | enums.F_RDONLY_PROG | enums.F_WRONLY_PROG
_ARRAY = enums.F_NUMA_NODE | _ACCESS
_HASH = enums.F_NO_PREALLOC | enums.F_NUMA_NODE | _ACCESS | enums.F_ZERO_SEED
_PERCPU_HASH = _HASH & ~enums.F_NUMA_NODE  # a value lies on the node of its CPU
_OUTER = enums.F_NUMA_NODE | enums.F_RDONLY | enums.F_WRONLY

_ELEM = ("map_lookup_elem", "map_update_elem", "map_delete_elem")
_WALK = "for_each_map_elem"
_QUEUE = ("map_push_elem", "map_pop_elem", "map_peek_elem")


class MapTypeRow(NamedTuple):
    """A map type."""

    type: MapType
    since: str
    commit: str
    key_size: int  # bytes, or ANY_SIZE
    value_size: int  # bytes, or ANY_SIZE
    flags: int  # F_* that BPF_MAP_CREATE accepts, on kernels that have the flag: FLAGS
    helpers: tuple[str, ...]  # the only helpers that take it; those of Helper.reach permitting
    per_cpu: bool = False  # a value for each possible CPU; each rounded up to 8 bytes outside
    is_array: bool = False  # the key is a u32 index; every element exists from the beginning
    has_inner: bool = False  # values are maps
    direct_value: bool = False  # ld_imm64 may point into element 0
    entries: bool = True  # max_entries must not be 0; else it must be
    needs: Trait | None = None  # the trait that says the same as `since`, where there is one


MAP_TYPES = (
    MapTypeRow(
        MapType.HASH,
        "3.19",
        "0f8e4bd8a1fc",
        ANY_SIZE,
        ANY_SIZE,
        _HASH,
        (*_ELEM, _WALK),
    ),
    MapTypeRow(
        MapType.ARRAY,
        "3.19",
        "28fbcfa08d8e",
        4,
        ANY_SIZE,
        _ARRAY | enums.F_MMAPABLE | enums.F_INNER_MAP,
        (*_ELEM, _WALK),
        is_array=True,
        direct_value=True,
    ),
    MapTypeRow(
        MapType.PROG_ARRAY, "4.2", "04fd61ab36ec", 4, 4, _OUTER, ("tail_call",), is_array=True
    ),
    MapTypeRow(
        MapType.PERF_EVENT_ARRAY,
        "4.3",
        "ea317b267e9d",
        4,
        4,
        _OUTER | enums.F_PRESERVE_ELEMS,
        (
            "perf_event_read",
            "perf_event_output",
            "skb_output",
            "perf_event_read_value",
            "xdp_output",
        ),
        is_array=True,
    ),
    MapTypeRow(
        MapType.PERCPU_HASH,
        "4.6",
        "824bd0ce6c7c",
        ANY_SIZE,
        ANY_SIZE,
        _PERCPU_HASH,
        (*_ELEM, _WALK, "map_lookup_percpu_elem"),
        per_cpu=True,
    ),
    MapTypeRow(
        MapType.PERCPU_ARRAY,
        "4.6",
        "a10423b87a7e",
        4,
        ANY_SIZE,
        _ACCESS,
        (*_ELEM, _WALK, "map_lookup_percpu_elem"),
        per_cpu=True,
        is_array=True,
    ),
    # The value is up to 127 frames of 8 bytes, or of 32 with F_STACK_BUILD_ID.
    MapTypeRow(
        MapType.STACK_TRACE,
        "4.6",
        "d5a3b1f69186",
        4,
        ANY_SIZE,
        enums.F_NUMA_NODE | enums.F_RDONLY | enums.F_WRONLY | enums.F_STACK_BUILD_ID,
        ("get_stackid",),
    ),
    MapTypeRow(
        MapType.CGROUP_ARRAY,
        "4.8",
        "4ed8ec521ed5",
        4,
        4,
        _OUTER,
        ("skb_under_cgroup", "current_task_under_cgroup"),
        is_array=True,
    ),
    MapTypeRow(
        MapType.LRU_HASH,
        "4.10",
        "29ba732acbee",
        ANY_SIZE,
        ANY_SIZE,
        enums.F_NO_COMMON_LRU | enums.F_NUMA_NODE | _ACCESS | enums.F_ZERO_SEED,
        (*_ELEM, _WALK),
    ),
    MapTypeRow(
        MapType.LRU_PERCPU_HASH,
        "4.10",
        "8f8449384ec3",
        ANY_SIZE,
        ANY_SIZE,
        enums.F_NO_COMMON_LRU | _ACCESS | enums.F_ZERO_SEED,
        (*_ELEM, _WALK, "map_lookup_percpu_elem"),
        per_cpu=True,
    ),
    # The key is a u32 prefix length and 1 to 256 bytes; F_NO_PREALLOC is demanded.
    MapTypeRow(
        MapType.LPM_TRIE,
        "4.11",
        "b95a5c4db09b",
        ANY_SIZE,
        ANY_SIZE,
        enums.F_NO_PREALLOC | enums.F_NUMA_NODE | _ACCESS,
        _ELEM,
    ),
    MapTypeRow(
        MapType.ARRAY_OF_MAPS,
        "4.12",
        "56f668dfe00d",
        4,
        4,
        _OUTER,
        ("map_lookup_elem",),
        is_array=True,
        has_inner=True,
    ),
    MapTypeRow(
        MapType.HASH_OF_MAPS,
        "4.12",
        "bcc6b1b7ebf8",
        ANY_SIZE,
        4,
        _OUTER | enums.F_NO_PREALLOC,
        ("map_lookup_elem",),
        has_inner=True,
    ),
    MapTypeRow(
        MapType.QUEUE, "4.20", "f1a2e44a3aec", 0, ANY_SIZE, enums.F_NUMA_NODE | _ACCESS, _QUEUE
    ),
    MapTypeRow(
        MapType.STACK, "4.20", "f1a2e44a3aec", 0, ANY_SIZE, enums.F_NUMA_NODE | _ACCESS, _QUEUE
    ),
    # max_entries is the size in bytes: a power of two, whole pages.
    MapTypeRow(
        MapType.RINGBUF,
        "5.8",
        "457f44363a88",
        0,
        0,
        enums.F_NUMA_NODE,
        (
            "ringbuf_output",
            "ringbuf_reserve",
            "ringbuf_query",
            "ringbuf_reserve_dynptr",
        ),
        needs=Trait.RINGBUF,
    ),
    MapTypeRow(
        MapType.TASK_STORAGE,
        "5.11",
        "4cf1bc1f1045",
        4,
        ANY_SIZE,
        enums.F_NO_PREALLOC | enums.F_CLONE,
        ("task_storage_get", "task_storage_delete"),
        entries=False,
    ),
    MapTypeRow(
        MapType.BLOOM_FILTER,
        "5.16",
        "9330986c0300",
        0,
        ANY_SIZE,
        enums.F_NUMA_NODE | enums.F_ZERO_SEED | _ACCESS,
        ("map_push_elem", "map_peek_elem"),
    ),
    MapTypeRow(
        MapType.USER_RINGBUF,
        "6.1",
        "583c1f420173",
        0,
        0,
        enums.F_NUMA_NODE,
        ("user_ringbuf_drain",),
    ),
    MapTypeRow(
        MapType.CGRP_STORAGE,
        "6.2",
        "c4bcfb38a95e",
        4,
        ANY_SIZE,
        enums.F_NO_PREALLOC | enums.F_CLONE,
        ("cgrp_storage_get", "cgrp_storage_delete"),
        entries=False,
    ),
)


# Flags that came after the map types that take them, and when.
FLAGS: tuple[tuple[int, Trait | str], ...] = (
    (enums.F_ZERO_SEED, "5.0"),
    (enums.F_RDONLY_PROG | enums.F_WRONLY_PROG, Trait.RDONLY_PROG),
    (enums.F_MMAPABLE, Trait.MMAPABLE_ARRAY),
    (enums.F_PRESERVE_ELEMS | enums.F_INNER_MAP, "5.10"),
)


@cache
def _types() -> dict[MapType, MapTypeRow]:
    return {row.type: row for row in MAP_TYPES}


def by_type(map_type: MapType) -> MapTypeRow | None:
    """The row of a map type; None for those that tracing has no use for."""
    return _types().get(map_type)


def available(kernel: Kernel, row: MapTypeRow) -> bool:
    """Whether `kernel` can create maps of this type."""
    return kernel.has(row.needs) if row.needs else kernel.at_least(row.since)


def flags_of(kernel: Kernel, row: MapTypeRow) -> int:
    """The F_* that `kernel` accepts when it creates a map of this type."""
    flags = row.flags
    for mask, since in FLAGS:
        if not kernel.holds(since):
            flags &= ~mask
    return flags


def as_created(m: MapDef) -> MapDef:
    """The map that the kernel makes of a definition.

    Programs write to no list of devices; what stands for the inner maps has no name:
    bpf_map_meta_alloc().
    """
    if m.type in (MapType.DEVMAP, MapType.DEVMAP_HASH):
        return m._replace(flags=m.flags | enums.F_RDONLY_PROG)
    if m.inner is not None:
        return m._replace(inner=m.inner._replace(name=""))
    return m


def takes(helper: str, map_type: MapType) -> bool:
    """Whether `helper` accepts maps of this type: check_map_func_compatibility()."""
    row = by_type(map_type)
    if row is not None:
        return helper in row.helpers
    from emu.kernel.packet_helpers import NET_MAPS

    return helper in NET_MAPS.get(map_type, ())
