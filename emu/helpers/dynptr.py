"""Helpers on dynptrs, 16 bytes of stack that say where memory is: kernel/bpf/helpers.c, ringbuf.c.

struct bpf_dynptr_kern: an address, a u32 size whose upper bits say what is there, a u32 offset.
What is there is memory, or a packet: its address is then the context's.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from emu.helpers.output import ring_at, ring_of
from emu.helpers.packets import skb_of, store_skb, store_xdp, xdp_error, xdp_of
from emu.helpers.registry import helper
from emu.kernel.errno import E2BIG, EFAULT, EINVAL
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.vm.run import Run

_DYNPTR = struct.Struct("<QII")
MAX_SIZE = 0xFF_FFFF  # DYNPTR_MAX_SIZE, DYNPTR_SIZE_MASK
READ_ONLY = 1 << 31  # DYNPTR_RDONLY_BIT
_KIND_SHIFT, _KIND_MASK = 28, 7
LOCAL, RINGBUF, SKB, XDP = 1, 2, 3, 4  # enum bpf_dynptr_type
U32 = 0xFFFF_FFFF


class Dynptr(NamedTuple):
    """What the 16 bytes hold."""

    data: int = 0  # 0: it is of nothing
    bits: int = 0  # size, kind and whether it is read-only
    offset: int = 0

    @property
    def size(self) -> int:
        return self.bits & MAX_SIZE

    @property
    def kind(self) -> int:
        return self.bits >> _KIND_SHIFT & _KIND_MASK

    @property
    def read_only(self) -> bool:
        return bool(self.bits & READ_ONLY)

    def holds(self, offset: int, size: int) -> bool:
        """bpf_dynptr_check_off_len()"""
        return size <= self.size and offset <= self.size - size


def at(run: Run, address: int) -> Dynptr:
    """The dynptr at `address`."""
    return Dynptr(*_DYNPTR.unpack(run.mem.read(address, _DYNPTR.size)))


def put(run: Run, address: int, ptr: Dynptr) -> None:
    """Let the dynptr at `address` be `ptr`."""
    run.mem.write(address, _DYNPTR.pack(*ptr))


def init(run: Run, address: int, data: int, kind: int, size: int, flags: int = 0) -> None:
    """bpf_dynptr_init()"""
    put(run, address, Dynptr(data, size | kind << _KIND_SHIFT | flags))


def number(run: Run, value: int) -> int:
    """An offset or a size as the kernel's functions get it."""
    return value if run.host.kernel.has(Trait.DYNPTR_64_BIT) else value & U32


def load(run: Run, src: Dynptr, offset: int, size: int) -> tuple[int, bytes]:
    """0 or a negative errno, and what the destination gets: __bpf_dynptr_read()."""
    if not src.data:
        return -EINVAL, b""
    if not src.holds(offset, size):
        return -E2BIG, b""
    offset += src.offset
    if src.kind == SKB:
        found = skb_of(run, src.data).read(offset, size)
        return (-EFAULT, bytes(size)) if found is None else (0, found)
    if src.kind == XDP:
        packet = xdp_of(run, src.data)
        return xdp_error(packet, offset, size), packet.read(offset, size) or b""
    return 0, run.mem.read(src.data + offset, size)


def store(run: Run, dst: Dynptr, offset: int, data: bytes, flags: int = 0) -> int:
    """Copy to a dynptr: __bpf_dynptr_write().  0 or a negative errno."""
    flags_first = flags and not run.host.kernel.has(Trait.DYNPTR_BOUNDS_FIRST)
    if not dst.data or dst.read_only or flags_first:
        return -EINVAL
    if not dst.holds(offset, len(data)):
        return -E2BIG
    offset += dst.offset
    if dst.kind == SKB:
        return store_skb(run, dst.data, offset, data, flags)
    if flags:
        return -EINVAL
    if dst.kind == XDP:
        return store_xdp(run, dst.data, offset, data)
    run.mem.write(dst.data + offset, data)
    return 0


@helper("dynptr_from_mem")
def dynptr_from_mem(run: Run, data: int, size: int, flags: int, ptr: int) -> int:
    size = number(run, size)
    error = -E2BIG if size > MAX_SIZE else -EINVAL if flags else 0
    if error:
        put(run, ptr, Dynptr())
    else:
        init(run, ptr, data, LOCAL, size)
    return error


@helper("dynptr_read")
def dynptr_read(run: Run, dst: int, size: int, src: int, offset: int, flags: int) -> int:
    if flags:
        return -EINVAL
    error, data = load(run, at(run, src), number(run, offset), number(run, size))
    run.mem.write(dst, data)
    return error


@helper("dynptr_write")
def dynptr_write(run: Run, dst: int, offset: int, src: int, size: int, flags: int) -> int:
    data = run.mem.read(src, number(run, size))
    return store(run, at(run, dst), number(run, offset), data, flags)


@helper("dynptr_data")
def dynptr_data(run: Run, ptr: int, offset: int, size: int) -> int:
    """The address of `size` bytes, or 0; 0 for packets."""
    found, offset = at(run, ptr), number(run, offset)
    if not found.data or found.kind in (SKB, XDP) or not found.holds(offset, number(run, size)):
        return 0
    return found.data + found.offset + offset


@helper("ringbuf_reserve_dynptr")
def ringbuf_reserve_dynptr(run: Run, map_: int, size: int, flags: int, ptr: int) -> int:
    size &= U32
    error = -EINVAL if flags else -E2BIG if size > MAX_SIZE else 0
    record = 0 if error else ring_at(run, map_).reserve(size)
    if record:
        init(run, ptr, record, RINGBUF, size)
    else:
        put(run, ptr, Dynptr())
    return 0 if record else error or -EINVAL


@helper("ringbuf_submit_dynptr")
def ringbuf_submit_dynptr(run: Run, ptr: int, flags: int) -> int:
    return _end(run, ptr, discard=False)


@helper("ringbuf_discard_dynptr")
def ringbuf_discard_dynptr(run: Run, ptr: int, flags: int) -> int:
    return _end(run, ptr, discard=True)


def _end(run: Run, ptr: int, *, discard: bool) -> int:
    """Commit the record of a dynptr, which is of nothing afterwards."""
    found = at(run, ptr)
    if found.data:
        ring_of(run, found.data).commit(found.data, discard=discard)
        put(run, ptr, Dynptr())
    return 0
