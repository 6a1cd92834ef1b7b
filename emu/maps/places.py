"""Places: values of one size in a region that grows.

What is given back is used again, the place that was free for longest first, so that a program that
still holds its address reads the old value for a while, as it would until the kernel frees it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from emu.maps.base import round_up
from emu.vm.mem import VMALLOC

if TYPE_CHECKING:
    from emu.maps.base import Map


class Places:
    """Places for the values of a map."""

    def __init__(self, owner: Map) -> None:
        self.size = owner.value_size
        self.data = bytearray()
        self.base = owner.region(self.data, VMALLOC)
        self._free: deque[int] = deque()

    def put(self, value: bytes) -> int:
        """Store a value in a free place; returns its address."""
        if self._free:
            offset = self._free.popleft()
        else:
            offset = len(self.data)
            self.data.extend(bytes(round_up(self.size)))
        self.data[offset : offset + self.size] = value
        return self.base + offset

    def get(self, address: int) -> bytes:
        """The value at an address that put() returned."""
        offset = address - self.base
        return bytes(self.data[offset : offset + self.size])

    def free(self, address: int) -> None:
        """Give a place back."""
        self._free.append(address - self.base)
