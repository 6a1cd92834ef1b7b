"""64-bit words: constants, conversions, and the operations that Python's operators do not have.

A word is an int in [0, 2**64).
"""

from __future__ import annotations

from typing import Any

U8 = (1 << 8) - 1
U16 = (1 << 16) - 1
U32 = (1 << 32) - 1
U64 = (1 << 64) - 1
S32_MIN = -(1 << 31)
S32_MAX = (1 << 31) - 1
S64_MIN = -(1 << 63)
S64_MAX = (1 << 63) - 1
SIGN32 = 1 << 31
SIGN64 = 1 << 63
HIGH32 = U64 ^ U32

Word = Any  # an int; in proofs, which run the same source, a term with an int's operators


def s64(x: int) -> int:
    """`x`, any integer, cast to s64."""
    x &= U64
    return x - (1 << 64) if x & SIGN64 else x


def s32(x: int) -> int:
    """`x`, any integer, cast to s32."""
    x &= U32
    return x - (1 << 32) if x & SIGN32 else x


def sign_extend(x: int, size: int) -> int:
    """The low `size` bytes of `x` as a signed number."""
    bits = 8 * size
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


def shl(x: Word, count: int) -> Word:
    """`x` shifted left, as a 64-bit word."""
    return (x << count) & U64


def sar(x: Word, count: int, bits: int) -> Word:
    """The low `bits` (32 or 64) of `x` shifted right, their sign coming in; high bits are 0."""
    if bits == 32:
        return (s32(x) >> count) & U32
    return (s64(x) >> count) & U64
