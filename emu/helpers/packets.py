"""Helpers that copy from and to packets: net/core/filter.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.errno import EFAULT, EINVAL
from emu.net.skb import SkBuff
from emu.net.xdp import XdpBuff
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run

U32 = 0xFFFF_FFFF
MAX_OFFSET = 0xFFFF
F_RECOMPUTE_CSUM, F_INVALIDATE_HASH = 1, 2
HDR_START_MAC, HDR_START_NET = 0, 1


def skb_of(run: Run, ctx: int) -> SkBuff:
    """The packet of a struct __sk_buff.  Raises VmFault where `ctx` is none."""
    if not isinstance(run.packet, SkBuff) or ctx != run.ctx:
        raise VmFault(Kind.HELPER, f"{ctx:#x} is not a struct __sk_buff")
    return run.packet


def xdp_of(run: Run, ctx: int) -> XdpBuff:
    """The packet of a struct xdp_md.  Raises VmFault where `ctx` is none."""
    if not isinstance(run.packet, XdpBuff) or ctx != run.ctx:
        raise VmFault(Kind.HELPER, f"{ctx:#x} is not a struct xdp_md")
    return run.packet


def _copied(run: Run, to: int, size: int, found: bytes | None) -> int:
    """Store what was found; zeros where it is nothing."""
    if found is None:
        run.mem.clear(to, size)
        return -EFAULT
    run.mem.write(to, found)
    return 0


def store_skb(run: Run, skb: int, offset: int, data: bytes, flags: int) -> int:
    """____bpf_skb_store_bytes(): 0 or a negative errno."""
    packet = skb_of(run, skb)
    if flags & ~(F_RECOMPUTE_CSUM | F_INVALIDATE_HASH):
        return -EINVAL
    if not packet.write(offset, data):
        return -EFAULT
    if flags & F_INVALIDATE_HASH:
        packet["hash"] = 0
    return 0


def store_xdp(run: Run, xdp: int, offset: int, data: bytes) -> int:
    """____bpf_xdp_store_bytes(): 0 or a negative errno."""
    packet = xdp_of(run, xdp)
    error = xdp_error(packet, offset, len(data))
    if not error:
        packet.write(offset, data)
    return error


def xdp_error(packet: XdpBuff, offset: int, size: int) -> int:
    """bpf_xdp_pointer(): 0 where the bytes are all in the packet."""
    if offset > MAX_OFFSET or size > MAX_OFFSET:
        return -EFAULT
    return -EINVAL if offset + size > len(packet) else 0


@helper("skb_load_bytes")
def skb_load_bytes(run: Run, skb: int, offset: int, to: int, size: int) -> int:
    size &= U32
    return _copied(run, to, size, skb_of(run, skb).read(offset & U32, size))


@helper("skb_load_bytes_relative")
def skb_load_bytes_relative(
    run: Run, skb: int, offset: int, to: int, size: int, start_header: int
) -> int:
    packet = skb_of(run, skb)
    offset, size = offset & U32, size & U32
    header = {HDR_START_MAC: packet.mac, HDR_START_NET: packet.network}.get(start_header & U32)
    found = None
    if header is not None and offset <= MAX_OFFSET:
        found = packet.from_header(header + offset, size)
    return _copied(run, to, size, found)


@helper("skb_store_bytes")
def skb_store_bytes(run: Run, skb: int, offset: int, data: int, size: int, flags: int) -> int:
    return store_skb(run, skb, offset & U32, run.mem.read(data, size & U32), flags)


@helper("xdp_get_buff_len")
def xdp_get_buff_len(run: Run, xdp: int) -> int:
    return len(xdp_of(run, xdp))


@helper("xdp_load_bytes")
def xdp_load_bytes(run: Run, xdp: int, offset: int, to: int, size: int) -> int:
    packet, offset, size = xdp_of(run, xdp), offset & U32, size & U32
    error = xdp_error(packet, offset, size)
    if not error:
        run.mem.write(to, packet.read(offset, size) or b"")
    return error


@helper("xdp_store_bytes")
def xdp_store_bytes(run: Run, xdp: int, offset: int, data: int, size: int) -> int:
    return store_xdp(run, xdp, offset & U32, run.mem.read(data, size & U32))
