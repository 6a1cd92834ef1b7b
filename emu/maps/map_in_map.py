"""Array and hash of maps: kernel/bpf/map_in_map.c, arraymap.c, hashtab.c.

Programs find the address of the inner map's struct bpf_map.  User space stores maps, and reads
their numbers, which the machine does not have: insert() and the dict `inner` take both places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import E2BIG, EINVAL, ENOENT
from emu.maps.base import Map, MapError, check_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

INDEX_SIZE = 4  # bytes of an array's key


class HashOfMaps(Map):
    """Maps by a key of any bytes."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.value_size != INDEX_SIZE:
            raise MapError(EINVAL, "value_size of a map of maps is 4")
        super().__init__(definition, mem, cpus)
        self.inner: dict[bytes, Map] = {}

    def insert(self, key: bytes, made: Map) -> int:
        """BPF_MAP_UPDATE_ELEM with a map: 0 or a negative errno."""
        if key not in self.inner and len(self.inner) >= self.max_entries:
            return -E2BIG
        self.inner[key] = made
        return 0

    def find(self, key: bytes, cpu: int) -> int:
        found = self.inner.get(key)
        return found.address if found else 0

    def remove(self, key: bytes) -> int:
        return 0 if self.inner.pop(key, None) else -ENOENT

    def walk(self) -> Iterator[bytes]:
        return iter(list(self.inner))


class ArrayOfMaps(HashOfMaps):
    """Maps by index."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        if definition.key_size != INDEX_SIZE:
            raise MapError(EINVAL, f"key_size of an array is 4, not {definition.key_size}")
        super().__init__(definition, mem, cpus)

    def insert(self, key: bytes, made: Map) -> int:
        if int.from_bytes(key, "little") >= self.max_entries:
            return -E2BIG
        return super().insert(key, made)
