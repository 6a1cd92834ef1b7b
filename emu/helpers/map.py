"""Helpers that look up and change maps: kernel/bpf/helpers.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.enums import MapType
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.vm.run import Run

U32 = 0xFFFF_FFFF


@helper("map_lookup_elem")
def map_lookup_elem(run: Run, map_: int, key: int) -> int:
    found = run.map_at(map_)
    return found.find(run.mem.read(key, found.key_size), run.cpu)


@helper("map_lookup_percpu_elem")
def map_lookup_percpu_elem(run: Run, map_: int, key: int, cpu: int) -> int:
    found = run.map_at(map_)
    if cpu & 0xFFFF_FFFF >= run.host.cpus:
        return 0
    return found.find(run.mem.read(key, found.key_size), cpu & 0xFFFF_FFFF)


@helper("map_update_elem")
def map_update_elem(run: Run, map_: int, key: int, value: int, flags: int) -> int:
    found = run.map_at(map_)
    data = run.mem.read(value, found.value_size)
    result = found.store(run.mem.read(key, found.key_size), data, flags, run.cpu)
    return error(run, result) if result else 0


@helper("map_delete_elem")
def map_delete_elem(run: Run, map_: int, key: int) -> int:
    found = run.map_at(map_)
    result = found.remove(run.mem.read(key, found.key_size))
    return error(run, result) if result else 0


@helper("map_push_elem")
def map_push_elem(run: Run, map_: int, value: int, flags: int) -> int:
    found = run.map_at(map_)
    return error(run, found.push(run.mem.read(value, found.value_size), flags))


@helper("map_pop_elem")
def map_pop_elem(run: Run, map_: int, value: int) -> int:
    found = run.map_at(map_)
    return _taken(run, value, found.value_size, found.pop())


@helper("map_peek_elem")
def map_peek_elem(run: Run, map_: int, value: int) -> int:
    found = run.map_at(map_)
    if found.definition.type == MapType.BLOOM_FILTER:
        return error(run, found.test(run.mem.read(value, found.value_size)))
    return _taken(run, value, found.value_size, found.peek())


def _taken(run: Run, to: int, size: int, data: bytes | int) -> int:
    """Store an element; zeros where there is an error instead."""
    if isinstance(data, int):
        run.mem.clear(to, size)
        return error(run, data)
    run.mem.write(to, data)
    return 0


def error(run: Run, code: int) -> int:
    """What r0 holds where a map's function returns `code`, a negative errno or 0."""
    return code & U32 if run.host.kernel.has(Trait.MAP_ERROR_U32) else code
