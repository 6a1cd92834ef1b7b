"""Kernel functions of open-coded iterators over numbers: kernel/bpf/bpf_iter.c, since 6.4.

struct bpf_iter_num_kern: an int `cur`, one below the next number, and an int `end`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.helpers.registry import kernel_function
from emu.kernel.errno import E2BIG, EINVAL

if TYPE_CHECKING:
    from emu.vm.run import Run

_NUM = struct.Struct("<ii")
MAX_LOOPS = 1 << 23
U32 = 0xFFFF_FFFF
INT_MIN = -(1 << 31)


def _signed(value: int) -> int:
    value &= U32
    return value - (value >> 31 << 32)


@kernel_function("bpf_iter_num_new")
def bpf_iter_num_new(run: Run, it: int, start: int, end: int) -> int:
    """An iterator over start ... end - 1; over nothing where that is an error."""
    first, last = _signed(start), _signed(end)
    error = -EINVAL if first > last else -E2BIG if last - first > MAX_LOOPS else 0
    if error:
        run.mem.write(it, _NUM.pack(0, 0))
        return error & U32
    before = first - 1 if first > INT_MIN else -INT_MIN - 1
    run.mem.write(it, _NUM.pack(before, last))
    return 0


@kernel_function("bpf_iter_num_next")
def bpf_iter_num_next(run: Run, it: int) -> int:
    """Address of the next number, an int; 0 after the last."""
    current, end = _NUM.unpack(run.mem.read(it, _NUM.size))
    following = _signed(current + 1)
    if following >= end:
        run.mem.write(it, _NUM.pack(0, 0))
        return 0
    run.mem.write(it, _NUM.pack(following, end))
    return it


@kernel_function("bpf_iter_num_destroy")
def bpf_iter_num_destroy(run: Run, it: int) -> int:
    run.mem.write(it, _NUM.pack(0, 0))
    return 0
