"""Bloom filter: kernel/bpf/bloom_filter.c.

The values themselves are kept, so that it never takes one value for another, as a filter that is
nearly empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import ANY
from emu.kernel.errno import EINVAL, ENOENT
from emu.maps.base import Map, MapError

if TYPE_CHECKING:
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace


class BloomFilterMap(Map):
    """A set of values that only grows."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        if definition.key_size or not definition.value_size or not definition.max_entries:
            raise MapError(EINVAL, "a bloom filter has no keys, and values and entries")
        super().__init__(definition, mem, cpus)
        self.values: set[bytes] = set()

    def push(self, value: bytes, flags: int) -> int:
        if flags != ANY:
            return -EINVAL
        self.values.add(value)
        return 0

    def test(self, value: bytes) -> int:
        return 0 if value in self.values else -ENOENT

    def store(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        return -EINVAL

    def put(self, key: bytes, value: bytes, flags: int) -> int:
        return self.push(value, flags)
