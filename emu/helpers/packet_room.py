"""Helpers that make packets longer or shorter: net/core/filter.c, net/core/skbuff.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.packets import skb_of, xdp_of
from emu.helpers.registry import helper, kernel_function
from emu.kernel.errno import EACCES, EFAULT, EINVAL, ENOMEM, ENOTSUPP
from emu.kernel.traits import Trait
from emu.net import skb as skbs
from emu.net.packet import ETH_HLEN
from emu.net.test_run import max_meta
from emu.net.xdp import FRAME_HEADER

if TYPE_CHECKING:
    from emu.net.skb import SkBuff
    from emu.vm.run import Run

U32 = 0xFFFF_FFFF
U16 = 0xFFFF
# BPF_SKB_MAX_LEN, which is SKB_MAX_ALLOC; before, the MTU of the loopback device and its header.
MAX_LEN = 16_064
MTU_AND_HEADER = 65_536 + ETH_HLEN
ADJ_ROOM_NET, ADJ_ROOM_MAC = 0, 1
ADJ_ROOM_FLAGS = 0xFF << 56 | 0x3F
ADJ_ROOM_SHRINK_FLAGS = 0x21  # BPF_F_ADJ_ROOM_FIXED_GSO, BPF_F_ADJ_ROOM_NO_CSUM_RESET
MAX_ROOM = 0xFFF
IP_HEADER = {skbs.ETH_P_IP: 20, skbs.ETH_P_IPV6: 40}  # bytes
IP_DIFFERENCE = 20
VLAN_TYPES = (skbs.ETH_P_8021Q, skbs.ETH_P_8021AD)


def _signed(value: int) -> int:
    """The low half as an int."""
    value &= U32
    return value - (value >> 31 << 32)


def _max_len(run: Run) -> int:
    return MAX_LEN if run.host.kernel.has(Trait.SKB_MAX_LEN_FIXED) else MTU_AND_HEADER


@helper("skb_pull_data")
def skb_pull_data(run: Run, skb: int, size: int) -> int:
    return -ENOMEM if size & U32 > len(skb_of(run, skb)) else 0


@helper("skb_change_tail")
def skb_change_tail(run: Run, skb: int, new_len: int, flags: int) -> int:
    packet, size = skb_of(run, skb), new_len & U32
    if flags or not max(packet.network - packet.start, 0) <= size <= _max_len(run):
        return -EINVAL
    if size != len(packet):
        packet.set_length(size)
    _reset_gso(packet)
    return 0


@helper("skb_change_head")
def skb_change_head(run: Run, skb: int, head_room: int, flags: int) -> int:
    packet, room = skb_of(run, skb), head_room & U32
    new_len = len(packet) + room & U32
    too_long = new_len > _max_len(run) and not packet.is_gso
    if flags or too_long or new_len < len(packet):
        return -EINVAL
    packet.push(room)
    packet.write(0, bytes(room))
    packet.mac = packet.start
    return 0


@helper("skb_adjust_room")
def skb_adjust_room(run: Run, skb: int, len_diff: int, mode: int, flags: int) -> int:
    packet, diff, mode = skb_of(run, skb), _signed(len_diff), mode & U32
    size = abs(diff)
    if flags & ~ADJ_ROOM_FLAGS:
        return -EINVAL
    if size > MAX_ROOM:
        return -EFAULT
    header = IP_HEADER.get(packet.protocol)
    if header is None or mode not in (ADJ_ROOM_NET, ADJ_ROOM_MAC):
        return -ENOTSUPP
    offset = packet.network - packet.mac + (header if mode == ADJ_ROOM_NET else 0)
    left = len(packet) - (packet.network - packet.start)
    if diff < 0 and (size >= left or left - size < header):
        return -ENOTSUPP
    if diff >= 0 and len(packet) + size > _max_len(run) and not packet.is_gso:
        return -ENOTSUPP
    if diff < 0 and flags & ~ADJ_ROOM_SHRINK_FLAGS:
        return -EINVAL
    if packet.is_gso:  # of no type that could be adjusted
        return -ENOTSUPP
    if diff >= 0:
        packet.insert(offset, size)
        return 0
    return 0 if packet.remove(offset, size) else -ENOMEM


@helper("skb_change_proto")
def skb_change_proto(run: Run, skb: int, proto: int, flags: int) -> int:
    packet, new = skb_of(run, skb), proto & U16
    if flags:
        return -EINVAL
    if {packet.protocol, new} != set(IP_HEADER):
        return -ENOTSUPP
    if packet.is_gso and not run.host.kernel.has(Trait.SKB_CHANGE_PROTO_GSO):
        return -ENOTSUPP
    offset = packet.network - packet.mac
    if new == skbs.ETH_P_IPV6:
        packet.insert(offset, IP_DIFFERENCE)
    elif not packet.remove(offset, IP_DIFFERENCE):
        return -ENOMEM
    packet["protocol"] = new
    packet["hash"] = 0
    return 0


def _reset_gso(packet: SkBuff) -> None:
    """skb_gso_reset(), of a packet that has segments."""
    if packet.is_gso:
        packet["gso_size"] = packet["gso_segs"] = 0


# -- VLAN tags


@helper("skb_vlan_push")
def skb_vlan_push(run: Run, skb: int, vlan_proto: int, vlan_tci: int) -> int:
    packet, proto = skb_of(run, skb), vlan_proto & U16
    if packet["vlan_present"]:
        _insert_tag(packet)
    packet["vlan_present"] = 1
    packet["vlan_proto"] = proto if proto in VLAN_TYPES else skbs.ETH_P_8021Q
    packet["vlan_tci"] = vlan_tci & U16
    return 0


@helper("skb_vlan_pop")
def skb_vlan_pop(run: Run, skb: int) -> int:
    packet = skb_of(run, skb)
    if packet["vlan_present"]:
        packet["vlan_present"] = 0
        if run.host.kernel.has(Trait.VLAN_TAG_CLEARED):
            packet["vlan_proto"] = packet["vlan_tci"] = 0
    else:
        if packet.protocol not in VLAN_TYPES:
            return 0
        if _remove_tag(packet) is None:
            return -ENOMEM
    if packet.protocol not in VLAN_TYPES:
        return 0
    proto = packet.protocol
    tci = _remove_tag(packet)
    if tci is None:
        return -ENOMEM
    packet["vlan_present"], packet["vlan_proto"], packet["vlan_tci"] = 1, proto, tci
    return 0


def _insert_tag(packet: SkBuff) -> None:
    """Write the tag behind the addresses: __vlan_insert_tag()."""
    proto, tci = packet["vlan_proto"], packet["vlan_tci"]
    packet.push(skbs.VLAN_HLEN)
    at = packet.start
    packet.buf[at : at + 12] = packet.buf[at + 4 : at + 16]
    packet.buf[at + 12 : at + 16] = proto.to_bytes(2, "little") + tci.to_bytes(2, "big")
    packet.mac -= skbs.VLAN_HLEN
    packet["protocol"] = proto


def _remove_tag(packet: SkBuff) -> int | None:
    """Take the tag behind the addresses out; returns it: __skb_vlan_pop()."""
    if len(packet) < ETH_HLEN + skbs.VLAN_HLEN:
        return None
    at = packet.start
    tci = int.from_bytes(packet.buf[at + 14 : at + 16], "big")
    kind, following = bytes(packet.buf[at + 16 : at + 18]), bytes(packet.buf[at + 18 : at + 20])
    packet.buf[at + 4 : at + 16] = packet.buf[at : at + 12]
    packet.pull(skbs.VLAN_HLEN)
    packet.mac += skbs.VLAN_HLEN
    packet.network = max(packet.network, packet.start + ETH_HLEN)
    packet["protocol"] = skbs.ether_type(kind, following)
    return tci


# -- XDP


@helper("xdp_adjust_head")
def xdp_adjust_head(run: Run, xdp: int, delta: int) -> int:
    return 0 if xdp_of(run, xdp).adjust_head(_signed(delta)) else -EINVAL


@helper("xdp_adjust_tail")
def xdp_adjust_tail(run: Run, xdp: int, delta: int) -> int:
    return 0 if xdp_of(run, xdp).adjust_tail(_signed(delta)) else -EINVAL


@helper("xdp_adjust_meta")
def xdp_adjust_meta(run: Run, xdp: int, delta: int) -> int:
    packet = xdp_of(run, xdp)
    meta = packet.meta + _signed(delta)
    if not FRAME_HEADER <= meta <= packet.start:
        return -EINVAL
    size = packet.start - meta
    if size % 4 or size > max_meta(run.host.kernel):
        return -EACCES
    packet.set_meta(meta)
    return 0


@kernel_function("bpf_xdp_pull_data")
def bpf_xdp_pull_data(run: Run, xdp: int, size: int) -> int:
    """Nothing is left to pull: a packet is in one piece."""
    return -EINVAL & U32 if size & U32 > len(xdp_of(run, xdp)) else 0
