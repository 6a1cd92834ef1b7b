"""Handlers: loads, stores and 64-bit constants.

Memory is little-endian, and any alignment will do.  An access outside of a region raises KeyError
or struct.error here; the interpreter, which knows the instruction, turns them into a VmFault.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.isa import table
from emu.prog import PSEUDO_FUNC, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from emu.vm import packet_ctx
from emu.vm.fault import Kind, VmFault
from emu.vm.mem import OFFSET, SHIFT
from emu.vm.registry import U32, U64, Bound, Step, handles
from emu.vm.run import function_address

if TYPE_CHECKING:
    from emu.prog import Insn
    from emu.vm.run import Run

# Bytes, by the size bits of an opcode: BPF_W, BPF_H, BPF_B, BPF_DW.
_SIZE = {table.W: 4, table.H: 2, table.B: 1, table.DW: 8}
UNSIGNED = {
    size: struct.Struct(f"<{letter}") for size, letter in ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))
}
SIGNED = {size: struct.Struct(f"<{letter}") for size, letter in ((1, "b"), (2, "h"), (4, "i"))}


def access_size(insn: Insn) -> int:
    """Bytes that a load, store or atomic operation reads or writes."""
    return _SIZE[insn.code & table.DW]


@handles("ldxb", "ldxh", "ldxw", "ldxdw")
def ldx(i: Bound) -> Step:
    dst, src, off, following = i.dst, i.src, i.insn.off, i.following
    readable = i.mem.readable
    unpack = UNSIGNED[access_size(i.insn)].unpack_from

    def step(r: list[int], run: Run) -> int:
        address = r[src] + off
        r[dst] = unpack(readable[address >> SHIFT], address & OFFSET)[0]
        return following

    return packet_ctx.load(i, step)


@handles("ldxsb", "ldxsh", "ldxsw")
def ldxs(i: Bound) -> Step:
    dst, src, off, following = i.dst, i.src, i.insn.off, i.following
    readable = i.mem.readable
    unpack = SIGNED[access_size(i.insn)].unpack_from

    def step(r: list[int], run: Run) -> int:
        address = r[src] + off
        r[dst] = unpack(readable[address >> SHIFT], address & OFFSET)[0] & U64
        return following

    return step


@handles("stxb", "stxh", "stxw", "stxdw", "stb", "sth", "stw", "stdw")
def stx(i: Bound) -> Step:
    dst, src, off, following = i.dst, i.src, i.insn.off, i.following
    writable = i.mem.writable
    size = access_size(i.insn)
    pack, mask = UNSIGNED[size].pack_into, (1 << 8 * size) - 1

    def step(r: list[int], run: Run) -> int:
        address = r[dst] + off
        pack(writable[address >> SHIFT], address & OFFSET, r[src] & mask)
        return following

    return packet_ctx.store(i, step)


@handles("ld_imm64")
def ld_imm64(i: Bound) -> Step:
    dst, following, value = i.dst, i.following, constant(i)

    def step(r: list[int], run: Run) -> int:
        r[dst] = value
        return following

    return step


def constant(i: Bound) -> int:
    """What an ld_imm64 loads.  Raises VmFault where that does not exist."""
    if i.second is None:
        raise VmFault(Kind.INSN, "ld_imm64 without its second half", i.pc)
    low, high = i.insn.imm, i.second.imm
    match i.insn.src:
        case 0:
            return (low & U32) | (high & U32) << 32
        case pseudo if pseudo in (PSEUDO_MAP_FD, PSEUDO_MAP_VALUE):
            if not 0 <= low < len(i.maps):
                raise VmFault(Kind.INSN, f"ld_imm64 of map {low}, of {len(i.maps)} maps", i.pc)
            target = i.maps[low]
            return target.address if pseudo == PSEUDO_MAP_FD else target.direct(high) & U64
        case pseudo if pseudo == PSEUDO_FUNC:
            return function_address(i.target)
        case pseudo:
            raise VmFault(Kind.INSN, f"ld_imm64 with src {pseudo} is not emulated", i.pc)
