"""Helpers about a packet's checksums, fields and socket: net/core/filter.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.packets import skb_of, xdp_of
from emu.helpers.registry import helper
from emu.kernel.enums import F_CTXLEN_MASK, F_INDEX_MASK
from emu.kernel.errno import E2BIG, EAGAIN, EFAULT, EINVAL, ENODEV, ENOTSUPP
from emu.kernel.traits import Trait
from emu.net import checksum
from emu.net import skb as skbs
from emu.net.packet import ETH_HLEN
from emu.net.test_run import LOOPBACK

if TYPE_CHECKING:
    from emu.net.skb import SkBuff
    from emu.vm.run import Run

U32 = 0xFFFF_FFFF
U16 = 0xFFFF
MAX_OFFSET = 0xFFFF
HDR_FIELD_MASK = 0xF
F_PSEUDO_HDR, F_MARK_MANGLED_0, F_MARK_ENFORCE, F_IPV6 = 0x10, 0x20, 0x40, 0x80
CSUM_MANGLED_0 = 0xFFFF
MAX_STACK = 512  # bytes that csum_diff() of old compares at most
MTU = 65_536  # of the loopback device
MTU_CHK_SEGS = 1
MTU_SUCCESS, MTU_FRAG_NEEDED = 0, 1
CE = 3  # ECN: congestion experienced


def _signed(value: int) -> int:
    value &= U32
    return value - (value >> 31 << 32)


# -- Checksums


@helper("csum_diff")
def csum_diff(run: Run, from_: int, from_size: int, to: int, to_size: int, seed: int) -> int:
    old_size, new_size, seed = from_size & U32, to_size & U32, seed & U32
    folded = run.host.kernel.has(Trait.CSUM_DIFF_FOLDED)
    if not folded and (old_size % 4 or new_size % 4 or old_size + new_size > MAX_STACK):
        return -EINVAL
    old = run.mem.read(from_, old_size) if old_size else b""
    new = run.mem.read(to, new_size) if new_size else b""
    if not folded:
        return checksum.partial(bytes(~byte & 0xFF for byte in old) + new, seed)
    if new:
        total = checksum.partial(new, seed)
        if old:
            total = checksum.sub(total, checksum.partial(old))
    else:
        total = ~checksum.partial(old, ~seed & U32) & U32 if old else seed
    return checksum.from_32_to_16(total)


@helper("csum_update")
def csum_update(run: Run, skb: int, csum: int) -> int:
    """The network card gave no checksum of the packet that could be updated."""
    skb_of(run, skb)
    return -ENOTSUPP


@helper("l3_csum_replace")
def l3_csum_replace(run: Run, skb: int, offset: int, from_: int, to: int, flags: int) -> int:
    if flags & ~HDR_FIELD_MASK:
        return -EINVAL
    return _replace(skb_of(run, skb), offset & U32, from_, to, flags)


@helper("l4_csum_replace")
def l4_csum_replace(run: Run, skb: int, offset: int, from_: int, to: int, flags: int) -> int:
    packet, known = skb_of(run, skb), F_PSEUDO_HDR | F_MARK_MANGLED_0 | F_MARK_ENFORCE
    if run.host.kernel.has(Trait.L4_CSUM_IPV6):
        known |= F_IPV6
    if flags & ~(known | HDR_FIELD_MASK):
        return -EINVAL
    return _replace(packet, offset & U32, from_, to, flags)


def _replace(packet: SkBuff, offset: int, old: int, new: int, flags: int) -> int:
    """Change the checksum at `offset` as the flags say."""
    if offset > MAX_OFFSET or offset & 1:
        return -EFAULT
    found = packet.read(offset, 2)
    if found is None:
        return -EFAULT
    field = int.from_bytes(found, "little")
    mangled = flags & F_MARK_MANGLED_0
    if mangled and not flags & F_MARK_ENFORCE and not field:
        return 0
    match flags & HDR_FIELD_MASK:
        case 0 if not old:
            field = checksum.replace_by_diff(field, new & U32)
        case 2:
            field = checksum.replace2(field, old, new)
        case 4:
            field = checksum.replace4(field, old & U32, new & U32)
        case _:
            return -EINVAL
    if mangled and not field:
        field = CSUM_MANGLED_0
    packet.write(offset, field.to_bytes(2, "little"))
    return 0


# -- Fields


@helper("set_hash")
def set_hash(run: Run, skb: int, hash_: int) -> int:
    skb_of(run, skb)["hash"] = hash_
    return 0


@helper("set_hash_invalid")
def set_hash_invalid(run: Run, skb: int) -> int:
    skb_of(run, skb)["hash"] = 0
    return 0


@helper("skb_change_type")
def skb_change_type(run: Run, skb: int, pkt_type: int) -> int:
    packet, new = skb_of(run, skb), pkt_type & U32
    if max(packet["pkt_type"], new) > skbs.PACKET_OTHERHOST:
        return -EINVAL
    packet["pkt_type"] = new
    return 0


@helper("skb_ecn_set_ce")
def skb_ecn_set_ce(run: Run, skb: int) -> int:
    """1 if the packet says now, or said, that there was congestion: INET_ECN_set_ce()."""
    packet = skb_of(run, skb)
    at = packet.network - packet.start
    if packet.protocol == skbs.ETH_P_IP:
        return _set_ce4(packet, at, packet.read(at, 20))
    if packet.protocol == skbs.ETH_P_IPV6:
        return _set_ce6(packet, at, packet.read(at, 40))
    return 0


def _set_ce4(packet: SkBuff, at: int, header: bytes | None) -> int:
    if header is None:
        return 0
    ecn = header[1] + 1 & CE
    if not ecn & 2:
        return int(not ecn)
    # ECT(1) adds htons(0xFFFD) to the checksum, ECT(0) htons(0xFFFE).
    swapped = int.from_bytes((0xFFFB + ecn & U16).to_bytes(2, "big"), "little")
    check = checksum.add16(int.from_bytes(header[10:12], "little"), swapped)
    packet.write(at + 1, bytes([header[1] | CE]))
    packet.write(at + 10, check.to_bytes(2, "little"))
    return 1


def _set_ce6(packet: SkBuff, at: int, header: bytes | None) -> int:
    if header is None or not header[1] >> 4 & CE:
        return 0
    packet.write(at + 1, bytes([header[1] | CE << 4]))
    return 1


# -- Socket, cgroup, device


@helper("sk_fullsock")
def sk_fullsock(run: Run, sk: int) -> int:
    """Sockets of packets are full ones."""
    return sk


@helper("get_socket_uid")
def get_socket_uid(run: Run, skb: int) -> int:
    skb_of(run, skb)
    return 0


@helper("skb_under_cgroup")
def skb_under_cgroup(run: Run, skb: int, map_: int, index: int) -> int:
    skb_of(run, skb)
    array = run.map_at(map_)
    return -E2BIG if index & U32 >= array.max_entries else -EAGAIN


@helper("check_mtu")
def check_mtu(run: Run, ctx: int, ifindex: int, mtu_len: int, len_diff: int, flags: int) -> int:
    """Whether a packet of a length fits a device, whose MTU is stored."""
    given = _signed(int.from_bytes(run.mem.read(mtu_len, 4), "little"))
    diff = _signed(len_diff)
    is_skb = isinstance(run.packet, skbs.SkBuff)
    packet = skb_of(run, ctx) if is_skb else xdp_of(run, ctx)
    error = 0
    if flags & ~(MTU_CHK_SEGS if is_skb else 0) or (flags and (diff or given)):
        error = -EINVAL
    elif ifindex & U32 > LOOPBACK:
        error = -ENODEV
    if error:
        if run.host.kernel.has(Trait.CHECK_MTU_CLEARS_LEN):
            run.mem.clear(mtu_len, 4)
        return error
    size = (given + ETH_HLEN if given else len(packet)) + diff
    fits = size <= MTU + ETH_HLEN or (isinstance(packet, skbs.SkBuff) and packet.is_gso)
    run.mem.write(mtu_len, MTU.to_bytes(4, "little"))
    return MTU_SUCCESS if fits else MTU_FRAG_NEEDED


@helper("redirect_map")
def redirect_map(run: Run, map_: int, key: int, flags: int) -> int:
    return run.map_at(map_).redirect(run.host.kernel, flags)


def output_error(run: Run, ctx: int, flags: int) -> int:
    """What bpf_perf_event_output() of a packet program refuses beside others: 0 for nothing."""
    if flags & ~(F_CTXLEN_MASK | F_INDEX_MASK):
        return -EINVAL
    packet = skb_of(run, ctx) if isinstance(run.packet, skbs.SkBuff) else xdp_of(run, ctx)
    return -EFAULT if (flags & F_CTXLEN_MASK) >> 32 > len(packet) else 0
