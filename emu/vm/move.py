"""Handlers: moves, sign extension and byte order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.vm.registry import U32, U64, Bound, Step, handles

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.vm.run import Run


@handles("mov64_reg", "mov64_imm")
def mov64(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = r[src]
        return following

    return step


@handles("mov32_reg", "mov32_imm")
def mov32(i: Bound) -> Step:
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        r[dst] = r[src] & U32
        return following

    return step


def movsx(width: int, result: int) -> Callable[[Bound], Step]:
    """The handler that extends the sign of `width` bits; result: the mask of those that count."""
    mask, sign = (1 << width) - 1, 1 << (width - 1)

    def handler(i: Bound) -> Step:
        dst, src, following = i.dst, i.src, i.following

        def step(r: list[int], run: Run) -> int:
            r[dst] = (((r[src] & mask) ^ sign) - sign) & result
            return following

        return step

    return handler


for _width in (8, 16, 32):
    handles(f"movsx{_width}_64_reg")(movsx(_width, U64))
for _width in (8, 16):
    handles(f"movsx{_width}_32_reg")(movsx(_width, U32))


def swap(width: int) -> Callable[[Bound], Step]:
    """The handler that reverses the bytes of the low `width` bits and clears the others."""
    size = width // 8
    mask = (1 << width) - 1

    def handler(i: Bound) -> Step:
        dst, following = i.dst, i.following

        def step(r: list[int], run: Run) -> int:
            r[dst] = int.from_bytes((r[dst] & mask).to_bytes(size, "little"), "big")
            return following

        return step

    return handler


def truncate(width: int) -> Callable[[Bound], Step]:
    """The handler that clears all but the low `width` bits: the machine is little-endian."""
    mask = (1 << width) - 1

    def handler(i: Bound) -> Step:
        dst, following = i.dst, i.following

        def step(r: list[int], run: Run) -> int:
            r[dst] &= mask
            return following

        return step

    return handler


for _width in (16, 32, 64):
    handles(f"be{_width}", f"bswap{_width}")(swap(_width))
    handles(f"le{_width}")(truncate(_width))
