"""Kernel functions on dynptrs: kernel/bpf/helpers.c, net/core/filter.c.

An int that they return is kept as a u32, as compiled code leaves it in a register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers import dynptr
from emu.helpers.dynptr import READ_ONLY, SKB, U32, XDP, Dynptr
from emu.helpers.packets import skb_of, xdp_error, xdp_of
from emu.helpers.registry import kernel_function
from emu.kernel.errno import E2BIG, EINVAL, ERANGE
from emu.kernel.packet_helpers import may_write_packet
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.vm.run import Run

PIECE = 256  # bytes that are copied at once where memory is not in one piece
U8 = 0xFF
U64 = (1 << 64) - 1


@kernel_function("bpf_dynptr_from_skb")
def bpf_dynptr_from_skb(run: Run, skb: int, flags: int, ptr: int) -> int:
    writes = run.vm is not None and may_write_packet(run.vm.prog.type)
    access = 0 if writes else READ_ONLY
    return _from_packet(run, ptr, skb, SKB, len(skb_of(run, skb)), flags, access)


@kernel_function("bpf_dynptr_from_xdp")
def bpf_dynptr_from_xdp(run: Run, xdp: int, flags: int, ptr: int) -> int:
    return _from_packet(run, ptr, xdp, XDP, len(xdp_of(run, xdp)), flags, 0)


def _from_packet(
    run: Run, ptr: int, data: int, kind: int, size: int, flags: int, access: int
) -> int:
    if flags:
        dynptr.put(run, ptr, Dynptr())
        return -EINVAL & U32
    dynptr.init(run, ptr, data, kind, size, access)
    return 0


@kernel_function("bpf_dynptr_slice")
def bpf_dynptr_slice(run: Run, ptr: int, offset: int, buffer: int, size: int) -> int:
    """The address of `size` bytes, or 0.  In a packet they are always in one piece."""
    offset, size = dynptr.number(run, offset), dynptr.number(run, size)
    return slice_of(run, dynptr.at(run, ptr), offset, buffer, size)


@kernel_function("bpf_dynptr_slice_rdwr")
def bpf_dynptr_slice_rdwr(run: Run, ptr: int, offset: int, buffer: int, size: int) -> int:
    """The same; 0 for a dynptr that is only read."""
    offset, size = dynptr.number(run, offset), dynptr.number(run, size)
    return writable_slice_of(run, dynptr.at(run, ptr), offset, buffer, size)


def slice_of(run: Run, ptr: Dynptr, offset: int, buffer: int, size: int) -> int:
    """The address of bytes of a dynptr, or 0.  The packet may be shorter than the dynptr by now."""
    if not ptr.data or not ptr.holds(offset, size):
        return 0
    offset += ptr.offset
    if ptr.kind == SKB:
        return _skb_slice(run, ptr.data, offset, buffer, size)
    if ptr.kind == XDP:
        return _xdp_slice(run, ptr.data, offset, buffer, size)
    return ptr.data + offset


def writable_slice_of(run: Run, ptr: Dynptr, offset: int, buffer: int, size: int) -> int:
    """The same, to write; 0 for a dynptr that is only read."""
    return 0 if ptr.read_only else slice_of(run, ptr, offset, buffer, size)


def _skb_slice(run: Run, skb: int, offset: int, buffer: int, size: int) -> int:
    """skb_header_pointer(), and skb_pointer_if_linear() where there is no buffer."""
    packet = skb_of(run, skb)
    left = len(packet) - offset
    if not buffer and run.host.kernel.has(Trait.SKB_SLICE_BEYOND_END):
        left &= U32
    return packet.base + packet.start + offset if left >= size else 0


def _xdp_slice(run: Run, xdp: int, offset: int, buffer: int, size: int) -> int:
    """bpf_xdp_pointer(); a buffer gets what there is where that fails: bpf_xdp_copy_buf()."""
    packet = xdp_of(run, xdp)
    if not xdp_error(packet, offset, size):
        return packet.base + packet.start + offset
    if buffer:
        run.mem.write(buffer, bytes(packet.buf[packet.start + offset : packet.end]))
    return buffer


@kernel_function("bpf_dynptr_adjust")
def bpf_dynptr_adjust(run: Run, ptr: int, start: int, end: int) -> int:
    found, start, end = dynptr.at(run, ptr), dynptr.number(run, start), dynptr.number(run, end)
    if not found.data or start > end:
        return -EINVAL & U32
    if end > found.size:
        return -ERANGE & U32
    bits = found.bits - found.size + end - start
    dynptr.put(run, ptr, Dynptr(found.data, bits, found.offset + start))
    return 0


@kernel_function("bpf_dynptr_is_null")
def bpf_dynptr_is_null(run: Run, ptr: int) -> int:
    return not dynptr.at(run, ptr).data


@kernel_function("bpf_dynptr_is_rdonly")
def bpf_dynptr_is_rdonly(run: Run, ptr: int) -> int:
    return dynptr.at(run, ptr).read_only


@kernel_function("bpf_dynptr_size")
def bpf_dynptr_size(run: Run, ptr: int) -> int:
    found = dynptr.at(run, ptr)
    return found.size if found.data else dynptr.number(run, -EINVAL & U64)


@kernel_function("bpf_dynptr_clone")
def bpf_dynptr_clone(run: Run, ptr: int, clone: int) -> int:
    found = dynptr.at(run, ptr)
    dynptr.put(run, clone, found)
    return 0 if found.data else -EINVAL & U32


@kernel_function("bpf_dynptr_copy")
def bpf_dynptr_copy(
    run: Run, dst: int, dst_offset: int, src: int, src_offset: int, size: int
) -> int:
    dst_offset, src_offset = dynptr.number(run, dst_offset), dynptr.number(run, src_offset)
    size = dynptr.number(run, size)
    to, source = dynptr.at(run, dst), dynptr.at(run, src)
    from_slice = slice_of(run, source, src_offset, 0, size)
    to_slice = writable_slice_of(run, to, dst_offset, 0, size)
    if from_slice and to_slice:
        run.mem.write(to_slice, run.mem.read(from_slice, size))
        return 0
    if from_slice:
        return dynptr.store(run, to, dst_offset, run.mem.read(from_slice, size)) & U32
    if to_slice:
        error, data = dynptr.load(run, source, src_offset, size)
        run.mem.write(to_slice, data)
        return error & U32
    if not to.holds(dst_offset, size) or not source.holds(src_offset, size):
        return -E2BIG & U32
    for at in range(0, size, PIECE):
        error, data = dynptr.load(run, source, src_offset + at, min(PIECE, size - at))
        error = error or dynptr.store(run, to, dst_offset + at, data)
        if error:
            return error & U32
    return 0


@kernel_function("bpf_dynptr_memset")
def bpf_dynptr_memset(run: Run, ptr: int, offset: int, size: int, value: int) -> int:
    offset, size = dynptr.number(run, offset), dynptr.number(run, size)
    found = dynptr.at(run, ptr)
    to = writable_slice_of(run, found, offset, 0, size)
    if to:
        run.mem.write(to, bytes([value & U8]) * size)
        return 0
    if found.read_only:
        return -EINVAL & U32
    if not found.holds(offset, size):
        return -E2BIG & U32
    for at in range(0, size, PIECE):
        data = bytes([value & U8]) * min(PIECE, size - at)
        error = dynptr.store(run, found, offset + at, data)
        if error:
            return error & U32
    return 0
