"""Helpers on dynptrs, 16 bytes of stack that say where memory is: kernel/bpf/helpers.c, ringbuf.c.

struct bpf_dynptr_kern: the address, a u32 size whose upper bits are flags, a u32 offset.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.helpers.output import ring_at, ring_of
from emu.helpers.registry import helper
from emu.kernel.errno import E2BIG, EINVAL
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.vm.run import Run

_DYNPTR = struct.Struct("<QII")
MAX_SIZE = 0xFF_FFFF  # DYNPTR_MAX_SIZE
U32 = 0xFFFF_FFFF


@helper("dynptr_from_mem")
def dynptr_from_mem(run: Run, data: int, size: int, flags: int, ptr: int) -> int:
    size &= U32
    error = -E2BIG if size > MAX_SIZE else -EINVAL if flags else 0
    run.mem.write(ptr, bytes(_DYNPTR.size) if error else _DYNPTR.pack(data, size, 0))
    return error


@helper("dynptr_read")
def dynptr_read(run: Run, dst: int, size: int, src: int, offset: int, flags: int) -> int:
    data, length, start = _DYNPTR.unpack(run.mem.read(src, _DYNPTR.size))
    size, offset = size & U32, offset & U32
    if not data or flags:
        return -EINVAL
    if not _inside(length, offset, size):
        return -E2BIG
    run.mem.write(dst, run.mem.read(data + start + offset, size))
    return 0


@helper("dynptr_write")
def dynptr_write(run: Run, dst: int, offset: int, src: int, size: int, flags: int) -> int:
    data, length, start = _DYNPTR.unpack(run.mem.read(dst, _DYNPTR.size))
    size, offset = size & U32, offset & U32
    flags_first = not run.host.kernel.has(Trait.DYNPTR_BOUNDS_FIRST)
    if not data or (flags and flags_first):
        return -EINVAL
    if not _inside(length, offset, size):
        return -E2BIG
    if flags:
        return -EINVAL
    run.mem.write(data + start + offset, run.mem.read(src, size))
    return 0


@helper("dynptr_data")
def dynptr_data(run: Run, ptr: int, offset: int, size: int) -> int:
    """The address of `size` bytes, or 0."""
    data, length, start = _DYNPTR.unpack(run.mem.read(ptr, _DYNPTR.size))
    offset &= U32
    if not data or not _inside(length, offset, size & U32):
        return 0
    return int(data + start + offset)


@helper("ringbuf_reserve_dynptr")
def ringbuf_reserve_dynptr(run: Run, map_: int, size: int, flags: int, ptr: int) -> int:
    size &= U32
    error = -EINVAL if flags else -E2BIG if size > MAX_SIZE else 0
    record = 0 if error else ring_at(run, map_).reserve(size)
    run.mem.write(ptr, _DYNPTR.pack(record, size, 0) if record else bytes(_DYNPTR.size))
    return 0 if record else error or -EINVAL


@helper("ringbuf_submit_dynptr")
def ringbuf_submit_dynptr(run: Run, ptr: int, flags: int) -> int:
    return _end(run, ptr, discard=False)


@helper("ringbuf_discard_dynptr")
def ringbuf_discard_dynptr(run: Run, ptr: int, flags: int) -> int:
    return _end(run, ptr, discard=True)


def _end(run: Run, ptr: int, *, discard: bool) -> int:
    """Commit the record of a dynptr, which is of nothing afterwards."""
    data, _, _ = _DYNPTR.unpack(run.mem.read(ptr, _DYNPTR.size))
    if data:
        ring_of(run, data).commit(data, discard=discard)
        run.mem.clear(ptr, _DYNPTR.size)
    return 0


def _inside(length: int, offset: int, size: int) -> bool:
    """bpf_dynptr_check_off_len()"""
    return size <= length & MAX_SIZE and offset <= (length & MAX_SIZE) - size
