"""UserMemory: the memory of a process."""

from __future__ import annotations

from bisect import bisect_right

HEAP = 0x5581_0000_0000
STACK = 0x7FFC_0000_0000
STACK_SIZE = 1 << 13
ALIGN = 16


class UserMemory:
    """Regions that do not overlap.  Reads and writes must lie in one of them."""

    def __init__(self, *, shift: int = 0) -> None:
        """shift: bytes that the regions are away from where they usually are; pages."""
        self._bases: list[int] = []  # ascending
        self._regions: list[bytearray] = []
        self._texts: dict[bytes, int] = {}
        self._buffers: dict[int, int] = {}
        self._heap = bytearray()
        self._heap_base = HEAP + shift
        self.add(self._heap_base, self._heap)
        self.add(STACK + shift, bytearray(STACK_SIZE))
        self.stack_pointer = STACK + shift + STACK_SIZE // 2

    def add(self, base: int, data: bytearray) -> None:
        """Map `data` at `base`, where nothing is yet."""
        at = bisect_right(self._bases, base)
        self._bases.insert(at, base)
        self._regions.insert(at, data)

    def peek(self, address: int, size: int) -> bytes | None:
        """`size` bytes, or None if one of them is not there."""
        region, offset = self._find(address)
        if region is None or offset + size > len(region):
            return None
        return bytes(region[offset : offset + size])

    def peek_string(self, address: int, limit: int) -> bytes | None:
        """The bytes up to and without the NUL, at most `limit`; None if memory ends before."""
        region, offset = self._find(address)
        if region is None:
            return None
        end = region.find(0, offset, offset + limit)
        if end < 0:
            end = offset + limit
            if end > len(region):
                return None
        return bytes(region[offset:end])

    def poke(self, address: int, data: bytes) -> bool:
        """Store `data`; False, and nothing stored, if one of the bytes is not there."""
        region, offset = self._find(address)
        if region is None or offset + len(data) > len(region):
            return False
        region[offset : offset + len(data)] = data
        return True

    def text(self, text: str) -> int:
        """Address of `text`, NUL-terminated; the same for the same text."""
        data = text.encode() + b"\0"
        if data not in self._texts:
            address = self._extend(len(data))
            self.poke(address, data)
            self._texts[data] = address
        return self._texts[data]

    def buffer(self, size: int) -> int:
        """Address of a buffer of `size` bytes; the same for the same size."""
        if size not in self._buffers:
            self._buffers[size] = self._extend(size)
        return self._buffers[size]

    def _extend(self, size: int) -> int:
        address = self._heap_base + len(self._heap)
        self._heap.extend(bytes(-(-size // ALIGN) * ALIGN))
        return address

    def _find(self, address: int) -> tuple[bytearray | None, int]:
        at = bisect_right(self._bases, address) - 1
        if at < 0 or address - self._bases[at] >= len(self._regions[at]):
            return None, 0
        return self._regions[at], address - self._bases[at]
