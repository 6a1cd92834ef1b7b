"""Handlers: atomic operations.

Operations on memory are done at once, so they are atomic to whatever interleaves programs by whole
instructions.  A 32-bit operation leaves the upper half of the register it fetches into zero.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from emu.vm.ldst import UNSIGNED, access_size, ldx, stx
from emu.vm.mem import OFFSET, SHIFT
from emu.vm.registry import U64, Bound, Step, handles

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.vm.run import Run

OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "or": operator.or_,
    "and": operator.and_,
    "xor": operator.xor,
}


def update(operation: Callable[[int, int], int]) -> Callable[[Bound], Step]:
    """The handler of `lock *(dst + off) op= src`."""

    def handler(i: Bound) -> Step:
        dst, src, off, following = i.dst, i.src, i.insn.off, i.following
        writable = i.mem.writable
        size = access_size(i.insn)
        unpack, pack, mask = UNSIGNED[size].unpack_from, UNSIGNED[size].pack_into, _mask(size)

        def step(r: list[int], run: Run) -> int:
            address = r[dst] + off
            region, at = writable[address >> SHIFT], address & OFFSET
            pack(region, at, operation(unpack(region, at)[0], r[src]) & mask)
            return following

        return step

    return handler


def fetch(operation: Callable[[int, int], int]) -> Callable[[Bound], Step]:
    """The handler of `src = atomic_fetch_op(dst + off, src)`; xchg is one whose result is src."""

    def handler(i: Bound) -> Step:
        dst, src, off, following = i.dst, i.src, i.insn.off, i.following
        writable = i.mem.writable
        size = access_size(i.insn)
        unpack, pack, mask = UNSIGNED[size].unpack_from, UNSIGNED[size].pack_into, _mask(size)

        def step(r: list[int], run: Run) -> int:
            address = r[dst] + off
            region, at = writable[address >> SHIFT], address & OFFSET
            old: int = unpack(region, at)[0]
            pack(region, at, operation(old, r[src]) & mask)
            r[src] = old
            return following

        return step

    return handler


for _name, _operation in OPERATIONS.items():
    handles(f"atomic64_{_name}", f"atomic32_{_name}")(update(_operation))
    handles(f"atomic64_fetch_{_name}", f"atomic32_fetch_{_name}")(fetch(_operation))
handles("atomic64_xchg", "atomic32_xchg")(fetch(lambda old, new: new))


@handles("atomic64_cmpxchg", "atomic32_cmpxchg")
def cmpxchg(i: Bound) -> Step:
    """`r0 = atomic_cmpxchg(dst + off, r0, src)`: store src where r0 was found."""
    dst, src, off, following = i.dst, i.src, i.insn.off, i.following
    writable = i.mem.writable
    size = access_size(i.insn)
    unpack, pack, mask = UNSIGNED[size].unpack_from, UNSIGNED[size].pack_into, _mask(size)
    kept = U64 & ~mask if i.pc in i.prog.not_extended else 0

    def step(r: list[int], run: Run) -> int:
        address = r[dst] + off
        region, at = writable[address >> SHIFT], address & OFFSET
        old: int = unpack(region, at)[0]
        if old == r[0] & mask:
            pack(region, at, r[src] & mask)
            r[0] = r[0] & kept | old
        else:
            r[0] = old
        return following

    return step


@handles(*(f"load_acquire{bits}" for bits in (8, 16, 32, 64)))
def load_acquire(i: Bound) -> Step:
    """A load: whole instructions run one after the other, so all are in order."""
    return ldx(i)


@handles(*(f"store_release{bits}" for bits in (8, 16, 32, 64)))
def store_release(i: Bound) -> Step:
    """A store, in order as well."""
    return stx(i)


def _mask(size: int) -> int:
    return (1 << 8 * size) - 1
