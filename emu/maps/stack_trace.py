"""Stack trace map: stacks by an id that is their hash; kernel/bpf/stackmap.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EEXIST, EINVAL, ENOENT
from emu.maps.base import Map, MapError, check_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

WORD = 8  # bytes of an address
PRIME = (1 << 32) - 5  # the hash is the stack's bytes, as one number, modulo this


class StackTraceMap(Map):
    """Stacks of at most value_size / 8 addresses, in max_entries places."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.key_size != 4 or definition.value_size % WORD:
            raise MapError(EINVAL, "key_size is 4 and value_size a multiple of 8")
        super().__init__(definition, mem, cpus)
        self.stacks: dict[int, bytes] = {}

    def intern(self, stack: bytes, *, replace: bool) -> int:
        """The id of `stack`; -EEXIST if another one is in its place and may not be replaced."""
        place = int.from_bytes(stack, "little") % PRIME % self.max_entries
        if self.stacks.setdefault(place, stack) != stack:
            if not replace:
                return -EEXIST
            self.stacks[place] = stack
        return place

    def read(self, key: bytes) -> bytes | None:
        stack = self.stacks.get(int.from_bytes(key, "little"))
        return None if stack is None else stack.ljust(self.value_size, b"\0")

    def remove(self, key: bytes) -> int:
        found = self.stacks.pop(int.from_bytes(key, "little"), None)
        return -ENOENT if found is None else 0

    def walk(self) -> Iterator[bytes]:
        return iter([place.to_bytes(4, "little") for place in self.stacks])
