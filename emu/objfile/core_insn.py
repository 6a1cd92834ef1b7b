"""patch(): a CO-RE relocation's value, put into its instruction.

Source: bpf_core_patch_insn() in tools/lib/bpf/relo_core.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.prog import Insn

if TYPE_CHECKING:
    from emu.objfile.core import Value

# What stands where a kernel has no such thing: a call of a helper that there will never be.
# "invalid func unknown#195896080" says then that the program gets there.
POISON = Insn(0x85, imm=195896080)

_LD_IMM64 = 0x18
_LD, _LDX, _ST, _STX, _ALU, _ALU64 = 0, 1, 2, 3, 4, 7
_BY_REGISTER = 0x08
_SIZES = {8: 0x18, 4: 0x00, 2: 0x08, 1: 0x10}  # BPF_DW, BPF_W, BPF_H, BPF_B by bytes
_SIZE_BITS = 0x18
_LARGEST_OFFSET = 0x7FFF
_U64 = (1 << 64) - 1


def patch(insns: list[Insn], index: int, old: Value, new: Value, fits: bool) -> None:
    """Put `new` where the compiler put `old`.

    fits: whether the size of a load or store may become the kernel's.

    Raises ValueError where the instruction is not as the relocation describes it.
    """
    insn = insns[index]
    kind = insn.code & 7
    if new.poison:
        _poison(insns, index)
    elif kind in (_ALU, _ALU64) and not insn.code & _BY_REGISTER:
        _check(insn.imm, old)
        insns[index] = insn._replace(imm=_signed(new.number, 32))
    elif kind in (_LDX, _ST, _STX):
        _check(insn.off, old)
        if new.number > _LARGEST_OFFSET:
            raise ValueError(f"{new.number} is too much for an instruction's offset")
        if fits:
            code = insn.code if old.size == new.size else _resized(insn.code, old, new)
            insns[index] = insn._replace(code=code, off=new.number)
        else:
            _poison(insns, index)
    elif kind == _LD:
        _patch_wide(insns, index, old, new)
    else:
        raise ValueError(f"an instruction of opcode {insn.code:#04x} has no place for a value")


def _patch_wide(insns: list[Insn], index: int, old: Value, new: Value) -> None:
    insn = insns[index]
    if insn.code != _LD_IMM64 or insn.src or insn.off or index + 1 >= len(insns):
        raise ValueError("a 64-bit load of unexpected form")
    second = insns[index + 1]
    if second._replace(imm=0) != Insn(0):
        raise ValueError("a 64-bit load of unexpected form")
    _check((insn.imm & 0xFFFFFFFF) | second.imm << 32, old)
    insns[index] = insn._replace(imm=_signed(new.number, 32))
    insns[index + 1] = second._replace(imm=_signed(new.number >> 32, 32))


def _poison(insns: list[Insn], index: int) -> None:
    if insns[index].code == _LD_IMM64 and index + 1 < len(insns):
        insns[index + 1] = POISON
    insns[index] = POISON


def _check(number: int, old: Value) -> None:
    if old.certain and number & _U64 != old.number:
        raise ValueError(f"the instruction has {number}, and not {old.number}")


def _resized(code: int, old: Value, new: Value) -> int:
    """A load or store's opcode with the kernel's size."""
    if _SIZES.get(old.size) != code & _SIZE_BITS:
        raise ValueError(f"the instruction does not access {old.size} bytes")
    if new.size not in _SIZES:
        raise ValueError(f"no instruction accesses {new.size} bytes")
    return code & ~_SIZE_BITS | _SIZES[new.size]


def _signed(number: int, bits: int) -> int:
    number &= (1 << bits) - 1
    return number - (number >> bits - 1 << bits)
