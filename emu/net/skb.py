"""SkBuff: a packet as struct sk_buff has it.

`mac` and `network` are where the headers begin, as `start` and `end` are, in bytes of the region.
Numbers in network order (protocol, vlan_proto) are kept as the kernel's little-endian loads see
them: ETH_P_IP is 0x0008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.net.packet import ETH_HLEN, Packet

if TYPE_CHECKING:
    from emu.vm.mem import AddressSpace

ETH_P_IP = 0x0008
ETH_P_IPV6 = 0xDD86
ETH_P_8021Q = 0x0081
ETH_P_8021AD = 0xA888
ETH_P_802_3 = 0x0100
ETH_P_802_2 = 0x0400
VLAN_HLEN = 4
# What can be pushed in front or put behind: more than the loopback device's MTU and header.
ROOM = 1 << 17

PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST = 0, 2, 3

# struct __sk_buff in include/uapi/linux/bpf.h: name: offset and size in bytes.
_WORDS = "len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority"
_WORDS += " ingress_ifindex ifindex tc_index"
FIELDS = {name: (4 * n, 4) for n, name in enumerate(_WORDS.split())} | {
    "cb": (48, 20),
    "hash": (68, 4),
    "tc_classid": (72, 4),
    "tstamp": (152, 8),
    "wire_len": (160, 4),
    "gso_segs": (164, 4),
    "sk": (168, 8),
    "gso_size": (176, 4),
    "hwtstamp": (184, 8),
}
SIZE = 192


class SkBuff(Packet):
    """A packet that came in at the loopback device: eth_type_trans()."""

    fields = FIELDS

    def __init__(self, mem: AddressSpace, frame: bytes) -> None:
        super().__init__(mem, frame, ROOM, 2 * ROOM)
        self.view = bytearray(SIZE)
        self.mac = self.start
        self.start += ETH_HLEN
        self.network = self.start
        self["pkt_type"] = _pkt_type(frame[:6])
        self["protocol"] = ether_type(frame[12:14], frame[14:16])
        self["ifindex"] = 1
        self.update_length()

    @property
    def protocol(self) -> int:
        return self["protocol"]

    @property
    def is_gso(self) -> bool:
        return bool(self["gso_size"])

    def update_length(self) -> None:
        """Show the program the length."""
        self["len"] = len(self)

    def load(self, offset: int, size: int) -> bytes | None:
        """Negative offsets count from the network header or the link's: SKF_NET_OFF, SKF_LL_OFF."""
        if offset >= 0:
            return self.read(offset, size)
        if offset >= -0x10_0000:
            at = self.network + offset + 0x10_0000
        elif offset >= -0x20_0000:
            at = self.mac + offset + 0x20_0000
        else:
            return None
        return self.from_header(at, size)

    def from_header(self, at: int, size: int) -> bytes | None:
        """`size` bytes of the region, which may lie before the packet but not behind it."""
        return bytes(self.buf[at : at + size]) if at + size <= self.end else None

    # -- Room

    def push(self, size: int) -> None:
        """Let the packet begin `size` bytes earlier.  The bytes are what they were."""
        self.start -= size
        self.update_length()

    def pull(self, size: int) -> None:
        """Let the packet begin `size` bytes later."""
        self.start += size
        self.update_length()

    def set_length(self, size: int) -> None:
        """Cut the packet, or make it longer with zeros."""
        end = self.start + size
        if end > self.end:
            self.buf[self.end : end] = bytes(end - self.end)
        self.end = end
        self.update_length()

    def insert(self, offset: int, size: int) -> None:
        """Zeros at `offset`, what is before them moves: bpf_skb_net_hdr_push()."""
        self.push(size)
        at = self.start
        self.buf[at : at + offset] = self.buf[at + size : at + size + offset]
        self.buf[at + offset : at + offset + size] = bytes(size)
        self.mac -= size
        self.network -= size

    def remove(self, offset: int, size: int) -> bool:
        """Take `size` bytes at `offset` out: bpf_skb_net_hdr_pop().  False if there are not."""
        if offset + size > len(self):
            return False
        at = self.start
        self.buf[at + size : at + size + offset] = self.buf[at : at + offset]
        self.pull(size)
        self.mac += size
        self.network += size
        return True


def ether_type(kind: bytes, following: bytes) -> int:
    """The protocol of a frame, from its type or length and the two bytes that follow."""
    if kind[0] >= 6:
        return int.from_bytes(kind, "little")
    return ETH_P_802_3 if following == b"\xff\xff" else ETH_P_802_2


def _pkt_type(to: bytes) -> int:
    """For whom a frame is: the loopback device's address and broadcast address are zero."""
    if to == bytes(6):
        return PACKET_HOST
    return PACKET_MULTICAST if to[0] & 1 else PACKET_OTHERHOST
