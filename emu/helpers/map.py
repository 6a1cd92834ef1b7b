"""Helpers that look up and change maps: kernel/bpf/helpers.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper

if TYPE_CHECKING:
    from emu.vm.run import Run


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
    return found.store(run.mem.read(key, found.key_size), data, flags, run.cpu)


@helper("map_delete_elem")
def map_delete_elem(run: Run, map_: int, key: int) -> int:
    found = run.map_at(map_)
    return found.remove(run.mem.read(key, found.key_size))
