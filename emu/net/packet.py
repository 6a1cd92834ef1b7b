"""Packet: the bytes of a frame, with room before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from emu.vm.mem import AddressSpace

ETH_HLEN = 14  # bytes of an Ethernet header


class Packet:
    """A frame in a region of its own, whose contents begin at `start` and end before `end`.

    view: the bytes of the context, struct __sk_buff or struct xdp_md.
    """

    fields: ClassVar[dict[str, tuple[int, int]]]  # name: offset and size in the context

    def __init__(self, mem: AddressSpace, data: bytes, head: int, size: int) -> None:
        """`data` after `head` bytes, in a region of `size` bytes."""
        self.buf = bytearray(size)
        self.buf[head : head + len(data)] = data
        self.base = mem.add(self.buf)
        self.mem = mem
        self.owned = [self.base]
        self.start = head
        self.end = head + len(data)
        self.view = bytearray()

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, field: str) -> int:
        """A number in the context."""
        off, size = self.fields[field]
        return int.from_bytes(self.view[off : off + size], "little")

    def __setitem__(self, field: str, value: int) -> None:
        off, size = self.fields[field]
        self.view[off : off + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def pointer(self, name: str) -> int:
        """The address that `data`, `data_end` or `data_meta` of the context loads."""
        return self.base + {"data": self.start, "data_end": self.end}.get(name, self.meta)

    @property
    def meta(self) -> int:
        """Where the metadata begins, which ends at `start`."""
        return self.start

    def read(self, offset: int, size: int) -> bytes | None:
        """`size` bytes from `offset` on; None if they are not all in the packet."""
        if not 0 <= offset <= len(self) - size:
            return None
        at = self.start + offset
        return bytes(self.buf[at : at + size])

    def write(self, offset: int, data: bytes) -> bool:
        """Store `data`; False, and nothing stored, if it does not fit into the packet."""
        if not 0 <= offset <= len(self) - len(data):
            return False
        at = self.start + offset
        self.buf[at : at + len(data)] = data
        return True

    def load(self, offset: int, size: int) -> bytes | None:
        """What a packet load of classic BPF finds at `offset`, which may be negative."""
        return self.read(offset, size)

    def own(self, data: bytes) -> int:
        """Put read-only `data` beside the packet, for as long as it is there; its address."""
        address = self.mem.add(bytearray(data), writable=False)
        self.owned.append(address)
        return address

    def close(self) -> None:
        """Give the addresses up."""
        for address in self.owned:
            self.mem.remove(address)
