"""XdpBuff: a packet as struct xdp_buff has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.net.packet import ETH_HLEN, Packet

if TYPE_CHECKING:
    from emu.vm.mem import AddressSpace

HEADROOM = 256  # XDP_PACKET_HEADROOM
FRAME = 4096  # PAGE_SIZE
TAIL = 320  # SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
FRAME_HEADER = 40  # sizeof(struct xdp_frame), kept in front of the room for metadata

# struct xdp_md in include/uapi/linux/bpf.h
_NAMES = ("data", "data_end", "data_meta", "ingress_ifindex", "rx_queue_index", "egress_ifindex")
FIELDS = {name: (4 * n, 4) for n, name in enumerate(_NAMES)}
SIZE = 24


class XdpBuff(Packet):
    """A packet in a page, with `meta_size` bytes of metadata in front of it."""

    fields = FIELDS

    def __init__(self, mem: AddressSpace, data: bytes, meta_size: int) -> None:
        super().__init__(mem, data, HEADROOM - meta_size, FRAME)
        self.view = bytearray(SIZE)
        self._meta = self.start
        self.start += meta_size
        self["ingress_ifindex"] = 1

    @property
    def meta(self) -> int:
        return self._meta

    @property
    def meta_size(self) -> int:
        return self.start - self._meta

    def adjust_head(self, by: int) -> bool:
        """Move the beginning, and the metadata with it; False where there is no room."""
        start, size = self.start + by, self.meta_size
        if not FRAME_HEADER + size <= start <= self.end - ETH_HLEN:
            return False
        self.buf[start - size : start] = self.buf[self._meta : self._meta + size]
        self._meta, self.start = start - size, start
        return True

    def adjust_tail(self, by: int) -> bool:
        """Move the end; new bytes are zero.  False where there is no room."""
        end = self.end + by
        if not self.start + ETH_HLEN <= end <= FRAME - TAIL:
            return False
        if by > 0:
            self.buf[self.end : end] = bytes(by)
        self.end = end
        return True

    def set_meta(self, meta: int) -> None:
        """Let the metadata begin at `meta`, an offset in the page."""
        self._meta = meta
