"""Loads from a map's own structure, through a pointer to the map.

Source: check_ptr_to_map_access(), kernel/bpf/verifier.c; struct bpf_map, include/linux/bpf.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import Kind
from emu.kernel.enums import MapType
from emu.kernel.errno import EACCES, ENOTSUPP
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr, btf_walk
from verifier_model.reg import BTF_STRUCTS, MAP, MAP_OPS, PTR_TO_BTF_ID, pointer
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState


class Member(NamedTuple):
    """A member of struct bpf_map; an array has elements of `size` bytes."""

    name: str
    off: int  # bytes
    size: int
    elements: int = 1
    points_to: str = ""  # the structure, "void" for anything

    @property
    def end(self) -> int:
        return self.off + self.size * self.elements


# The beginning of struct bpf_map, the same in every configuration with CONFIG_SECURITY.
_HEAD = (
    Member("ops", 0, 8, points_to=MAP_OPS),
    Member("inner_map_meta", 8, 8, points_to=MAP),
    Member("security", 16, 8, points_to="void"),
    Member("map_type", 24, 4),
    Member("key_size", 28, 4),
    Member("value_size", 32, 4),
    Member("max_entries", 36, 4),
)
_SHA = Member("sha", 0, 1, 32)  # what it begins with instead, since 6.18

_ARRAY, _HTAB = "bpf_array", "bpf_htab"
# The structure that holds the map: struct bpf_map_ops.map_btf_id.
_STRUCTS = {
    MapType.ARRAY: _ARRAY,
    MapType.PERCPU_ARRAY: _ARRAY,
    MapType.PROG_ARRAY: _ARRAY,
    MapType.PERF_EVENT_ARRAY: _ARRAY,
    MapType.CGROUP_ARRAY: _ARRAY,
    MapType.ARRAY_OF_MAPS: _ARRAY,
    MapType.HASH: _HTAB,
    MapType.PERCPU_HASH: _HTAB,
    MapType.LRU_HASH: _HTAB,
    MapType.LRU_PERCPU_HASH: _HTAB,
    MapType.HASH_OF_MAPS: _HTAB,
    MapType.LPM_TRIE: "lpm_trie",
    MapType.STACK_TRACE: "bpf_stack_map",
    MapType.QUEUE: "bpf_queue_stack",
    MapType.STACK: "bpf_queue_stack",
    MapType.RINGBUF: "bpf_ringbuf_map",
    MapType.USER_RINGBUF: "bpf_ringbuf_map",
    MapType.BLOOM_FILTER: "bpf_bloom_filter",
    MapType.DEVMAP: "bpf_dtab",
    MapType.DEVMAP_HASH: "bpf_dtab",
    MapType.CPUMAP: "bpf_cpu_map",
    MapType.XSKMAP: "xsk_map",
    MapType.SOCKMAP: "bpf_stab",
    MapType.SOCKHASH: "bpf_shtab",
    MapType.REUSEPORT_SOCKARRAY: "reuseport_array",
    MapType.SK_STORAGE: "bpf_local_storage_map",
    MapType.INODE_STORAGE: "bpf_local_storage_map",
    MapType.TASK_STORAGE: "bpf_local_storage_map",
    MapType.CGRP_STORAGE: "bpf_local_storage_map",
    MapType.ARENA: "bpf_arena",
}


def load(env: Env, reg: RegState, regno: int, off: int, size: int) -> RegState:
    """What a load of `size` bytes at `off` of a map's structure gives."""
    name = _structure(env, reg)
    if off < 0:
        raise Reject(f"R{regno} is {name} invalid negative access: off={off}", EACCES)
    head = (_SHA,) if env.kernel.has(Trait.MAP_SHA) else _HEAD
    member = next((m for m in head if m.off <= off < m.end), None)
    if member is None:
        return _behind_head(env, name, off, size)
    at = f"in struct bpf_map with off {off} size {size}"
    if member.points_to and (off != member.off or size != member.size):
        text = f"cannot access ptr member {member.name} with moff {member.off} {at}"
        raise Reject(text, EACCES)
    if off + size > member.end:
        text = f"access beyond the end of member {member.name} (mend:{member.end}) {at}"
        raise Reject(text, EACCES)
    if member.points_to in ("", "void"):
        return env.anything
    value = pointer(PTR_TO_BTF_ID)
    value.mem_size = BTF_STRUCTS.index(member.points_to)
    return value


def _behind_head(env: Env, name: str, off: int, size: int) -> RegState:
    """The same behind the members of all maps, where the kernel's BTF says what there is."""
    struct = env.btf.find(name, (Kind.STRUCT,)) if env.btf is not None else None
    if env.btf is None or struct is None:
        raise Unmodelled(f"a load of {size} bytes at {off} of struct {name}", env.insn_idx)
    found = btf_walk.Walk(env.btf, env.kernel, off, size).find(struct)
    if not found.pointer:
        return env.anything
    return btf_ptr.loaded(env, env.btf, found)


def store(env: Env, reg: RegState) -> None:
    """No program writes there."""
    raise Reject(f"only read from {_structure(env, reg)} is supported", EACCES)


def _structure(env: Env, reg: RegState) -> str:
    """The name of the structure, which the kernel needs BTF to know."""
    if not env.kernel.has(Trait.VMLINUX_BTF):
        text = "map_ptr access not supported without CONFIG_DEBUG_INFO_BTF"
        raise Reject(text, ENOTSUPP)
    name = _STRUCTS.get(reg.map.type) if reg.map is not None else None
    if name is None:
        raise Unmodelled("the structure of a map of that type", env.insn_idx)
    return name
