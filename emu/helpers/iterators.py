"""Kernel functions of open-coded iterators over numbers and bits.

struct bpf_iter_num_kern (kernel/bpf/bpf_iter.c): an int `cur`, one below the next number, and an
int `end`.  struct bpf_iter_bits_kern (kernel/bpf/helpers.c): one word of bits or the address of
more, an int with their number, and an int with the bit that was last found.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.helpers.probe_read import kernel_error
from emu.helpers.registry import kernel_function
from emu.kernel.errno import E2BIG, EFAULT, EINVAL

if TYPE_CHECKING:
    from emu.vm.run import Run

_NUM = struct.Struct("<ii")
_BITS = struct.Struct("<Qii")
BIT_AT = 12  # offset of the bit that was last found
MAX_LOOPS = 1 << 23
MAX_WORDS = 511  # BITS_ITER_NR_WORDS_MAX
WORD, WORD_BITS = 8, 64
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


@kernel_function("bpf_iter_bits_new")
def bpf_iter_bits_new(run: Run, it: int, src: int, words: int) -> int:
    """An iterator over a copy of the words at `src`; over nothing where that is an error."""
    words &= U32
    run.mem.write(it, _BITS.pack(0, 0, -1))
    if not src or not words:
        return -EINVAL & U32
    if words > MAX_WORDS:
        return -E2BIG & U32
    data = run.mem.peek(src, words * WORD)
    if data is None:
        return (-EFAULT if words == 1 else kernel_error(run, words * WORD, src)) & U32
    bits = int.from_bytes(data, "little") if words == 1 else run.mem.add(bytearray(data))
    run.mem.write(it, _BITS.pack(bits, words * WORD_BITS, -1))
    return 0


@kernel_function("bpf_iter_bits_next")
def bpf_iter_bits_next(run: Run, it: int) -> int:
    """Address of the number of the next bit that is set, an int; 0 after the last."""
    bits, count, bit = _BITS.unpack(run.mem.read(it, _BITS.size))
    if bit >= count:
        return 0
    if count > WORD_BITS:
        bits = int.from_bytes(run.mem.read(bits, count // 8), "little")
    rest = bits >> bit + 1
    found = bit + (rest & -rest).bit_length() if rest else count
    run.mem.write(it + BIT_AT, found.to_bytes(4, "little"))
    return it + BIT_AT if rest else 0


@kernel_function("bpf_iter_bits_destroy")
def bpf_iter_bits_destroy(run: Run, it: int) -> int:
    bits, count, _ = _BITS.unpack(run.mem.read(it, _BITS.size))
    if count > WORD_BITS:
        run.mem.remove(bits)
    return 0
