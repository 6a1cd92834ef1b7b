"""Ring buffer: kernel/bpf/ringbuf.c.

Positions count bytes and never wrap; a record is 8 bytes of header, the data, and padding to a
multiple of 8.  The region is twice the buffer's size, as the kernel maps its pages twice, so that a
record is contiguous wherever it begins.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from emu.kernel.enums import RB_AVAIL_DATA, RB_CONS_POS, RB_PROD_POS, RB_RING_SIZE, RINGBUF_HDR_SZ
from emu.kernel.errno import EINVAL
from emu.maps.base import Map, MapError, round_up
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

PAGE = 4096


class _Record:
    """A reserved record."""

    __slots__ = ("at", "end", "size", "state")

    def __init__(self, at: int, end: int, size: int) -> None:
        self.at = at  # offset of its data in the region
        self.end = end  # position after it
        self.size = size  # bytes of data
        self.state = "busy"


class RingBufMap(Map):
    """One buffer for all CPUs; max_entries is its size in bytes."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        size = definition.max_entries
        if definition.key_size or definition.value_size:
            raise MapError(EINVAL, "a ring buffer has no keys and values")
        if size < PAGE or size & (size - 1):
            raise MapError(EINVAL, f"a ring buffer's size is a power of 2 of pages, not {size}")
        super().__init__(definition, mem, cpus)
        self.data = bytearray(2 * size)
        self.base = mem.add(self.data)
        self.produced = 0
        self.consumed = 0
        self.records: deque[_Record] = deque()
        self.busy: dict[int, _Record] = {}  # by the address of the data

    def reserve(self, size: int) -> int:
        """Address of `size` bytes for a record, or 0 if they do not fit."""
        end = self.produced + RINGBUF_HDR_SZ + round_up(size)
        # One byte of the ring is never used: it tells a full ring from an empty one.
        if end - self.consumed >= self.max_entries:
            return 0
        at = self.produced % self.max_entries + RINGBUF_HDR_SZ
        record = _Record(at, end, size)
        self.produced = end
        self.records.append(record)
        self.busy[self.base + at] = record
        return self.base + at

    def commit(self, address: int, *, discard: bool) -> None:
        """End the reservation: the record is there to be read, or skipped.

        Raises VmFault for an address that is not reserved.
        """
        record = self.busy.pop(address, None)
        if record is None:
            raise VmFault(Kind.HELPER, f"{address:#x} is not a reserved record")
        record.state = "discarded" if discard else "ready"

    def consume(self) -> list[bytes]:
        """The records up to the first that is not committed, in order of reservation."""
        ready = []
        while self.records and self.records[0].state != "busy":
            record = self.records.popleft()
            self.consumed = record.end
            if record.state == "ready":
                ready.append(bytes(self.data[record.at : record.at + record.size]))
        return ready

    def query(self, what: int) -> int:
        """bpf_ringbuf_query(): 0 for a question it does not know."""
        return {
            RB_AVAIL_DATA: self.produced - self.consumed,
            RB_RING_SIZE: self.max_entries,
            RB_CONS_POS: self.consumed,
            RB_PROD_POS: self.produced,
        }.get(what, 0)
