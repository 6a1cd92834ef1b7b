"""LPM trie: values by the longest prefix of a key; kernel/bpf/lpm_trie.c.

A key is a u32 number of bits and the bytes that they are the first of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import EXIST, F_NO_PREALLOC, NOEXIST
from emu.kernel.errno import EEXIST, EINVAL, ENOENT, ENOSPC
from emu.kernel.traits import Trait
from emu.maps.base import Map, MapError, check_sizes, wrong_flags
from emu.maps.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.kernel.profile import Kernel
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

LENGTH_SIZE = 4  # bytes of the number of bits
MIN_DATA, MAX_DATA = 1, 256  # bytes: LPM_DATA_SIZE_MIN, LPM_DATA_SIZE_MAX

Prefix = tuple[int, int]  # how many bits, and the number that they make


class Node(NamedTuple):
    """An element."""

    key: bytes  # as it was stored
    address: int  # of the value


class LpmTrieMap(Map):
    """Elements by prefix."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        data_size = definition.key_size - LENGTH_SIZE
        if not MIN_DATA <= data_size <= MAX_DATA or not definition.flags & F_NO_PREALLOC:
            raise MapError(EINVAL, "a trie's keys have 5 to 260 bytes; F_NO_PREALLOC is needed")
        super().__init__(definition, mem, cpus)
        self.bits = 8 * data_size
        self.full_refuses_all = False
        self.nodes: dict[Prefix, Node] = {}
        self.places = Places(self)

    def adapt(self, kernel: Kernel) -> None:
        self.full_refuses_all = kernel.has(Trait.LPM_FULL_REFUSES_ALL)

    def find(self, key: bytes, cpu: int) -> int:
        found = self._longest(key)
        return found.address if found else 0

    def store(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        prefix = self._prefix(key)
        if wrong_flags(flags) or prefix is None:
            return -EINVAL
        full = len(self.nodes) == self.max_entries
        if full and self.full_refuses_all:
            return -ENOSPC
        old = self.nodes.get(prefix)
        if old and flags == NOEXIST:
            return -EEXIST
        if not old and flags == EXIST:
            return -ENOENT
        if full and not old:
            return -ENOSPC
        self.nodes[prefix] = Node(key, self.places.put(value))
        if old:
            self.places.free(old.address)
        return 0

    def remove(self, key: bytes) -> int:
        prefix = self._prefix(key)
        if prefix is None:
            return -EINVAL
        node = self.nodes.pop(prefix, None)
        if node is None:
            return -ENOENT
        self.places.free(node.address)
        return 0

    def read(self, key: bytes) -> bytes | None:
        found = self._longest(key)
        return self.places.get(found.address) if found else None

    def put(self, key: bytes, value: bytes, flags: int) -> int:
        return self.store(key, value, flags, 0)

    def walk(self) -> Iterator[bytes]:
        return iter([node.key for node in self.nodes.values()])

    def _prefix(self, key: bytes) -> Prefix | None:
        """What a key means; None if it has more bits than bytes."""
        length = int.from_bytes(key[:LENGTH_SIZE], "little")
        if length > self.bits:
            return None
        return length, int.from_bytes(key[LENGTH_SIZE:], "big") >> (self.bits - length)

    def _longest(self, key: bytes) -> Node | None:
        prefix = self._prefix(key)
        if prefix is None:
            return None
        length, number = prefix
        for shorter in range(length, -1, -1):
            found = self.nodes.get((shorter, number >> (length - shorter)))
            if found:
                return found
        return None
