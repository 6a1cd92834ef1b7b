"""Array and per-CPU array: kernel/bpf/arraymap.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import F_LOCK, NOEXIST
from emu.kernel.errno import E2BIG, EEXIST, EINVAL
from emu.maps.base import REGION, Map, MapError, check_sizes, wrong_flags
from emu.vm.mem import VMALLOC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

INDEX_SIZE = 4  # bytes of a key


class ArrayMap(Map):
    """Elements that always exist, zero at first, by a u32 index."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.key_size != INDEX_SIZE:
            raise MapError(EINVAL, f"key_size of an array is 4, not {definition.key_size}")
        super().__init__(definition, mem, cpus)
        size = self.stride * self.max_entries
        if size > REGION:
            raise MapError(E2BIG, f"{size} bytes of values are too many")
        # The last element ends where its value ends, so that the bytes behind it fault.
        size += self.value_size - self.stride
        self.data = [bytearray(size) for _ in range(cpus if self.per_cpu else 1)]
        self.base = [self.region(data, VMALLOC) for data in self.data]

    def find(self, key: bytes, cpu: int) -> int:
        index = int.from_bytes(key, "little")
        if index >= self.max_entries:
            return 0
        return self.base[cpu if self.per_cpu else 0] + index * self.stride

    def store(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        error = self._refuse(key, flags)
        if not error:
            at = int.from_bytes(key, "little") * self.stride
            self.data[cpu if self.per_cpu else 0][at : at + self.value_size] = value
        return error

    def remove(self, key: bytes) -> int:
        return -EINVAL

    def direct(self, offset: int) -> int:
        if self.per_cpu:
            return super().direct(offset)
        return self.base[0] + offset

    def read(self, key: bytes) -> bytes | None:
        index = int.from_bytes(key, "little")
        if index >= self.max_entries:
            return None
        at = index * self.stride
        if not self.per_cpu:
            return bytes(self.data[0][at : at + self.value_size])
        return b"".join(
            data[at : at + self.value_size].ljust(self.stride, b"\0") for data in self.data
        )

    def put(self, key: bytes, value: bytes, flags: int) -> int:
        error = self._refuse(key, flags)
        if not error:
            at = int.from_bytes(key, "little") * self.stride
            for cpu, data in enumerate(self.data):
                data[at : at + self.value_size] = value[cpu * self.stride :][: self.value_size]
        return error

    def walk(self) -> Iterator[bytes]:
        return (index.to_bytes(INDEX_SIZE, "little") for index in range(self.max_entries))

    def _refuse(self, key: bytes, flags: int) -> int:
        """Errors in the order of array_map_update_elem(), where F_LOCK comes last."""
        if wrong_flags(flags & ~F_LOCK):
            return -EINVAL
        if int.from_bytes(key, "little") >= self.max_entries:
            return -E2BIG
        if flags & NOEXIST:
            return -EEXIST
        return -EINVAL if flags & F_LOCK else 0  # no value has a lock


class PerCpuArrayMap(ArrayMap):
    """An array with a value for each CPU."""

    per_cpu = True
