"""The kernel's address space: regions of bytes with permissions.

Every region has 4 GiB of addresses of its own, so the upper half of an address finds the region
and the lower half is the offset in it:

    0xffff888100000010  ->  readable[0xffff8881], byte 0x10

Only bytes in a region can be reached; every other address faults.  Loads and stores of programs
look into `readable` and `writable` themselves, because that is where their time goes.
"""

from __future__ import annotations

from typing import Final

from emu.vm.fault import Kind, VmFault

OFFSET: Final = 0xFFFF_FFFF  # the part of an address that is an offset in its region
SHIFT: Final = 32

# Where areas of the kernel's half of the addresses begin: Documentation/arch/x86/x86_64/mm.rst.
DIRECT_MAP: Final = 0xFFFF_8880  # objects: tasks, contexts, ring buffers
VMALLOC: Final = 0xFFFF_C900  # maps' values and kernel stacks
AREA_END: Final = {DIRECT_MAP: 0xFFFF_C87F, VMALLOC: 0xFFFF_E8FF}
TEXT: Final = 0xFFFF_FFFF_8100_0000  # kernel text: addresses of functions, no bytes
USER_END: Final = 1 << 47  # TASK_SIZE_MAX, less a page: what is below belongs to processes


class AddressSpace:
    """Regions by the upper half of their addresses."""

    def __init__(self) -> None:
        self.readable: dict[int, bytearray] = {}
        self.writable: dict[int, bytearray] = {}
        self._next = {DIRECT_MAP: DIRECT_MAP, VMALLOC: VMALLOC}
        self._removed: dict[int, list[int]] = {DIRECT_MAP: [], VMALLOC: []}

    def add(self, data: bytearray, area: int = DIRECT_MAP, *, writable: bool = True) -> int:
        """Make `data` a region and return its address.  It may grow later, never shrink.

        Raises MemoryError when the area's addresses are used up.
        """
        slot = self.reserve(area) >> SHIFT
        self.readable[slot] = data
        if writable:
            self.writable[slot] = data
        return slot << SHIFT

    def reserve(self, area: int = DIRECT_MAP) -> int:
        """An address for something without readable bytes; nothing else will get it."""
        if self._removed[area]:
            return self._removed[area].pop() << SHIFT
        slot = self._next[area]
        if slot > AREA_END[area]:
            raise MemoryError("the emulated kernel has no addresses left")
        self._next[area] = slot + 1
        return slot << SHIFT

    def remove(self, address: int) -> None:
        """Take a region away; accesses to it fault until its addresses are given to another.

        Its bytes are gone at once, so that they fault too for who has looked the region up before.
        """
        slot = address >> SHIFT
        data = self.readable.pop(slot, None)
        if data is not None:
            data.clear()
        self.writable.pop(slot, None)
        self._removed[VMALLOC if slot >= VMALLOC else DIRECT_MAP].append(slot)

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes.  Raises VmFault if one of them is not readable."""
        data = self.peek(address, size)
        if data is None:
            raise VmFault(Kind.ACCESS, f"cannot read {size} bytes at {address:#x}")
        return data

    def peek(self, address: int, size: int) -> bytes | None:
        """`size` bytes, or None if one of them is not readable."""
        region = self.readable.get(address >> SHIFT)
        offset = address & OFFSET
        if region is None or offset + size > len(region):
            return None
        return bytes(region[offset : offset + size])

    def peek_string(self, address: int, limit: int) -> bytes | None:
        """The bytes up to and without the NUL, at most `limit`; None if memory ends before."""
        region = self.readable.get(address >> SHIFT)
        offset = address & OFFSET
        if region is None or offset >= len(region):
            return None
        end = region.find(0, offset, offset + limit)
        if end < 0:
            end = offset + limit
            if end > len(region):
                return None
        return bytes(region[offset:end])

    def write(self, address: int, data: bytes) -> None:
        """Store `data`.  Raises VmFault if a byte of it is not writable."""
        region, offset = self._target(address, len(data))
        region[offset : offset + len(data)] = data

    def clear(self, address: int, size: int) -> None:
        """Store `size` zeros.  Raises VmFault if one of the bytes is not writable."""
        region, offset = self._target(address, size)
        region[offset : offset + size] = bytes(size)

    def _target(self, address: int, size: int) -> tuple[bytearray, int]:
        region = self.writable.get(address >> SHIFT)
        offset = address & OFFSET
        if region is None or offset + size > len(region):
            raise VmFault(Kind.ACCESS, f"cannot write {size} bytes at {address:#x}")
        return region, offset
