"""Ones' complement sums, as the kernel's C writes them: include/net/checksum.h, lib/checksum.c.

A sum (__wsum) is 32 bits, not folded; a checksum field (__sum16) holds 16 bits, inverted.  Numbers
are in the byte order of memory.
"""

from __future__ import annotations

U16 = 0xFFFF
U32 = 0xFFFF_FFFF


def add(a: int, b: int) -> int:
    """csum_add()."""
    total = a + b
    return (total & U32) + (total >> 32)


def sub(a: int, b: int) -> int:
    """csum_sub()."""
    return add(a, ~b & U32)


def add16(a: int, b: int) -> int:
    """csum16_add()."""
    total = a + b
    return (total & U16) + (total >> 16)


def sub16(a: int, b: int) -> int:
    """csum16_sub()."""
    return add16(a, ~b & U16)


def fold(total: int) -> int:
    """csum_fold(): the checksum field for a sum."""
    total = (total & U16) + (total >> 16)
    total = (total & U16) + (total >> 16)
    return ~total & U16


def partial(data: bytes, start: int = 0) -> int:
    """csum_partial(): `start` and the sum of `data`, whose odd last byte counts as the low one.

    x86 adds words of 64 bits, and halves their sum into 32 bits with the carry added back.
    """
    total = start
    for at in range(0, len(data), 8):
        total += int.from_bytes(data[at : at + 8], "little")
    while total >> 64:
        total = (total & (1 << 64) - 1) + (total >> 64)
    return add(total >> 32, total & U32)


def from_32_to_16(total: int) -> int:
    """csum_from32to16()."""
    swapped = total >> 16 | (total & U16) << 16
    return (total + swapped & U32) >> 16


def replace_by_diff(field: int, diff: int) -> int:
    """csum_replace_by_diff(): a checksum field after a change of `diff` to what it covers."""
    return fold(add(diff, ~field & U32))


def replace2(field: int, old: int, new: int) -> int:
    """csum_replace2()."""
    return ~add16(sub16(~field & U16, old & U16), new & U16) & U16


def replace4(field: int, old: int, new: int) -> int:
    """csum_replace4()."""
    return fold(add(sub(~field & U32, old), new))
