"""Hash and per-CPU hash: kernel/bpf/hashtab.c.

Values lie in one region per CPU and are found by a dict from key to offset.  A deleted element's
place is the first to be used again, as the kernel's preallocated elements are; a program that still
holds its address sees the new element's value.  An element that is updated moves to a spare place
of the CPU, and its old place becomes the spare one; values of per-CPU maps stay where they are.
Maps of kernels that free elements only when no program can hold their address keep as many places
out of use as WITHHELD says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import EXIST, F_NO_PREALLOC, NOEXIST
from emu.kernel.errno import E2BIG, EEXIST, EINVAL, ENOENT
from emu.kernel.traits import Trait
from emu.maps.base import REGION, Map, MapError, check_sizes, wrong_flags
from emu.vm.mem import VMALLOC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.kernel.profile import Kernel
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

WITHHELD = 64  # places: more than programs delete while others hold an address
MAX_KEY_SIZE = 512  # bytes: MAX_BPF_STACK, as keys are built there


class HashMap(Map):
    """Elements by a key of any bytes."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.key_size > MAX_KEY_SIZE:
            raise MapError(E2BIG, f"a key of {definition.key_size} bytes is longer than 512")
        super().__init__(definition, mem, cpus)
        if self.stride * (self.max_entries + cpus) > REGION:
            raise MapError(E2BIG, f"{self.stride * self.max_entries} bytes of values are too many")
        self.offsets: dict[bytes, int] = {}
        self.free: list[int] = []
        self.withheld = 0  # of the free places, those that are not used yet
        self.places = 0  # that the regions have
        self.spare: dict[int, int] = {}  # by CPU: the offset of a place that no key has
        self.data = [bytearray() for _ in range(cpus if self.per_cpu else 1)]
        self.base = [self.region(data, VMALLOC) for data in self.data]

    def adapt(self, kernel: Kernel) -> None:
        if self.definition.flags & F_NO_PREALLOC and not kernel.has(Trait.HASH_REUSES_AT_ONCE):
            self.withheld = WITHHELD

    def find(self, key: bytes, cpu: int) -> int:
        offset = self.offsets.get(key)
        if offset is None:
            return 0
        return self.base[cpu if self.per_cpu else 0] + offset

    def store(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        offset = self._place(key, flags, cpu)
        if offset < 0:
            return offset
        self.data[cpu if self.per_cpu else 0][offset : offset + self.value_size] = value
        return 0

    def remove(self, key: bytes) -> int:
        offset = self.offsets.pop(key, None)
        if offset is None:
            return -ENOENT
        self.free.append(offset)
        return 0

    def read(self, key: bytes) -> bytes | None:
        offset = self.offsets.get(key)
        if offset is None:
            return None
        if not self.per_cpu:
            return bytes(self.data[0][offset : offset + self.value_size])
        return b"".join(data[offset : offset + self.stride] for data in self.data)

    def put(self, key: bytes, value: bytes, flags: int) -> int:
        offset = self._place(key, flags, 0)
        if offset < 0:
            return offset
        for cpu, data in enumerate(self.data):
            part = value[cpu * self.stride :][: self.value_size]
            data[offset : offset + self.value_size] = part
        return 0

    def walk(self) -> Iterator[bytes]:
        return iter(list(self.offsets))

    def _place(self, key: bytes, flags: int, cpu: int) -> int:
        """Where the value for `key` is to be stored, or a negative errno.

        A new element's bytes are zero in per-CPU maps.
        """
        if wrong_flags(flags):
            return -EINVAL
        offset = self.offsets.get(key)
        if offset is not None:
            if flags == NOEXIST:
                return -EEXIST
            return offset if self.per_cpu else self._move(key, offset, cpu)
        if flags == EXIST:
            return -ENOENT
        if len(self.offsets) >= self.max_entries:
            return -E2BIG
        offset = self._unused_place()
        self.offsets[key] = offset
        return offset

    def _move(self, key: bytes, offset: int, cpu: int) -> int:
        """Give the element the spare place."""
        if self.withheld:
            self.offsets[key] = new = self._unused_place()
            self.free.append(offset)
            return new
        new = self.spare.get(cpu, -1)
        if new < 0:
            new = self._new_place()
        self.offsets[key] = new
        self.spare[cpu] = offset
        return new

    def _unused_place(self) -> int:
        """One that is free, or a new one."""
        if len(self.free) <= self.withheld:
            return self._new_place()
        # The last freed is the first to be used, unless that would be too soon.
        offset = self.free.pop(0 if self.withheld else -1)
        if self.per_cpu:
            for data in self.data:
                data[offset : offset + self.stride] = bytes(self.stride)
        return offset

    def _new_place(self) -> int:
        offset = self.places * self.stride
        self.places += 1
        for data in self.data:
            data.extend(bytes(self.stride))
        return offset


class PerCpuHashMap(HashMap):
    """A hash with a value for each CPU; programs create an element for all and write their own."""

    per_cpu = True
