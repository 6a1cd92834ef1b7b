"""Handlers: 64- and 32-bit arithmetic.

A 32-bit operation reads the lower halves and leaves the upper half of dst zero.  Shift counts are
taken modulo the width.  Division by zero gives 0 and the remainder by zero is dst.  Signed division
truncates towards zero, and the most negative number divided by -1 is itself
(RFC 9669, 4.1; ___bpf_prog_run() in kernel/bpf/core.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.vm.registry import U32, U64, Bound, Step, handles

if TYPE_CHECKING:
    from emu.vm.run import Run

S64 = 1 << 63
S32 = 1 << 31


def _signed32(value: int) -> int:
    return ((value & U32) ^ S32) - S32


def _quotient(dividend: int, divisor: int) -> int:
    if not divisor:
        return 0
    magnitude = abs(dividend) // abs(divisor)
    return magnitude if (dividend < 0) == (divisor < 0) else -magnitude


def _remainder(dividend: int, divisor: int) -> int:
    """With the sign of the dividend."""
    return dividend - divisor * _quotient(dividend, divisor)


@handles("add64_reg", "add64_imm")
def add64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] + r[src]) & U64
        return following

    return step


@handles("add32_reg", "add32_imm")
def add32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] + r[src]) & U32
        return following

    return step


@handles("sub64_reg", "sub64_imm")
def sub64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] - r[src]) & U64
        return following

    return step


@handles("sub32_reg", "sub32_imm")
def sub32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] - r[src]) & U32
        return following

    return step


@handles("mul64_reg", "mul64_imm")
def mul64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] * r[src]) & U64
        return following

    return step


@handles("mul32_reg", "mul32_imm")
def mul32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] * r[src]) & U32
        return following

    return step


@handles("or64_reg", "or64_imm")
def or64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] |= r[src]
        return following

    return step


@handles("or32_reg", "or32_imm")
def or32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] | r[src]) & U32
        return following

    return step


@handles("and64_reg", "and64_imm")
def and64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] &= r[src]
        return following

    return step


@handles("and32_reg", "and32_imm")
def and32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = r[dst] & r[src] & U32
        return following

    return step


@handles("xor64_reg", "xor64_imm")
def xor64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] ^= r[src]
        return following

    return step


@handles("xor32_reg", "xor32_imm")
def xor32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] ^ r[src]) & U32
        return following

    return step


@handles("lsh64_reg", "lsh64_imm")
def lsh64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] << (r[src] & 63)) & U64
        return following

    return step


@handles("lsh32_reg", "lsh32_imm")
def lsh32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] << (r[src] & 31)) & U32
        return following

    return step


@handles("rsh64_reg", "rsh64_imm")
def rsh64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] >>= r[src] & 63
        return following

    return step


@handles("rsh32_reg", "rsh32_imm")
def rsh32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (r[dst] & U32) >> (r[src] & 31)
        return following

    return step


@handles("arsh64_reg", "arsh64_imm")
def arsh64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = (((r[dst] ^ S64) - S64) >> (r[src] & 63)) & U64
        return following

    return step


@handles("arsh32_reg", "arsh32_imm")
def arsh32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = ((((r[dst] & U32) ^ S32) - S32) >> (r[src] & 31)) & U32
        return following

    return step


@handles("div64_reg", "div64_imm")
def div64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        divisor = r[src]
        r[dst] = r[dst] // divisor if divisor else 0
        return following

    return step


@handles("div32_reg", "div32_imm")
def div32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        divisor = r[src] & U32
        r[dst] = (r[dst] & U32) // divisor if divisor else 0
        return following

    return step


@handles("mod64_reg", "mod64_imm")
def mod64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        divisor = r[src]
        if divisor:
            r[dst] %= divisor
        return following

    return step


@handles("mod32_reg", "mod32_imm")
def mod32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        divisor = r[src] & U32
        r[dst] = (r[dst] & U32) % divisor if divisor else r[dst] & U32
        return following

    return step


@handles("sdiv64_reg", "sdiv64_imm")
def sdiv64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = _quotient((r[dst] ^ S64) - S64, (r[src] ^ S64) - S64) & U64
        return following

    return step


@handles("sdiv32_reg", "sdiv32_imm")
def sdiv32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = _quotient(_signed32(r[dst]), _signed32(r[src])) & U32
        return following

    return step


@handles("smod64_reg", "smod64_imm")
def smod64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = _remainder((r[dst] ^ S64) - S64, (r[src] ^ S64) - S64) & U64
        return following

    return step


@handles("smod32_reg", "smod32_imm")
def smod32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = _remainder(_signed32(r[dst]), _signed32(r[src])) & U32
        return following

    return step


@handles("neg64")
def neg64(i: Bound) -> Step:
    dst, following = i.dst, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = -r[dst] & U64
        return following

    return step


@handles("neg32")
def neg32(i: Bound) -> Step:
    dst, following = i.dst, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = -r[dst] & U32
        return following

    return step
