"""Instructions as text.

Two forms.  text() is what the kernel prints, print_bpf_insn() in kernel/bpf/disasm.c as of 6.18;
disassemble() is text that emu.isa.asm turns into the same instructions again.  They differ where
the kernel's text leaves something out: what the number of an ld_imm64 is, and fields that are set
although the instruction does not use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import CALL_KINDS, DST, IMM, LD_IMM64_KINDS, OFF, SRC, by_name, find, selects
from emu.kernel.helper_names import NAMES
from emu.prog import PSEUDO_CALL, PSEUDO_KFUNC_CALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.isa.table import InsnDef
    from emu.prog import Insn

U32, U64 = (1 << 32) - 1, (1 << 64) - 1

# What the kernel prints for a code it has no text for, by class.
_BUG = {0: "BUG_ld_", 1: "BUG_ldx_", 2: "BUG_st_", 3: "BUG_"}
# What distinguishes, in the text, atomic operations that no kernel has from those on 32 bits.
_NARROW = {0xCB: "(u16 *)", 0xD3: "(u8 *)"}
_ATOMIC32 = 0xC3
# The byte swaps: the kernel prints whatever width their imm gives.
_SWAPS = {0xD4: "le", 0xDC: "be", 0xD7: "bswap", 0xDF: "bswap"}
_CLASS_NAMES = ("ld", "ldx", "st", "stx", "alu", "jmp", "jmp32", "alu64")

_KIND_TEXTS = {kind.src: kind.text for kind in LD_IMM64_KINDS}
_CALL_SRCS = {kind.src for kind in CALL_KINDS}


def text(insns: Sequence[Insn], i: int) -> str:
    """The kernel's text of insn `i`, without its code: "r1 = *(u32 *)(r2 +4)".

    ld_imm64 is read with its second half; where that is missing, as if it were 0.
    """
    insn = insns[i]
    row = find(insn) or find(insn._replace(off=0))
    if row is None:
        return _unknown(insn)
    return _format(row, row.text, insn, insns[i + 1] if i + 1 < len(insns) else None)


def coded(insns: Sequence[Insn], i: int) -> str:
    """text() behind the instruction's code, as in the verifier log: "(b7) r0 = 0"."""
    words = text(insns, i)
    return words if words.startswith("BUG_") else f"({insns[i].code:02x}) {words}"


def disassemble(insns: Sequence[Insn]) -> list[str]:
    """A line for each instruction, ld_imm64 and its second half being one.

    assemble() makes the same instructions of them, whatever they are.
    """
    lines = []
    i = 0
    while i < len(insns):
        row = find(insns[i])
        second = insns[i + 1] if i + 1 < len(insns) else None
        if row is by_name["ld_imm64"] and second and _is_ld_imm64(insns[i], second):
            pattern = "r{dst} = " + _KIND_TEXTS[insns[i].src]
            lines.append(_format(row, pattern, insns[i], second))
            i += 2
            continue
        if row and row.slots == 1 and _is_plain(row, insns[i]):
            lines.append(text(insns, i))
        else:
            lines.append(".insn {:#04x} {} {} {} {}".format(*insns[i]))
        i += 1
    return lines


def _format(row: InsnDef, pattern: str, insn: Insn, second: Insn | None) -> str:
    high = second.imm if second else 0
    return pattern.format(
        dst=insn.dst,
        src=insn.src,
        off=insn.off,
        imm=insn.imm,
        uimm=insn.imm & U32,
        imm2=high,
        imm64=(high << 32 | insn.imm & U32) & U64,
        imm_hi=insn.imm >> 16 & 0xFFFF,
        imm_lo=insn.imm & 0xFFFF,
        callee=_callee(insn) if row.name == "call" else "",
    )


def _callee(insn: Insn) -> str:
    if insn.src == PSEUDO_CALL:
        return f"pc{insn.imm:+d}"
    if insn.src == 0 and 0 <= insn.imm < len(NAMES):
        return f"bpf_{NAMES[insn.imm]}#{insn.imm}"
    name = "kernel-function" if insn.src == PSEUDO_KFUNC_CALL else "unknown"
    return f"{name}#{insn.imm}"


def _unknown(insn: Insn) -> str:
    if insn.code in _SWAPS:
        return f"r{insn.dst} = {_SWAPS[insn.code]}{insn.imm} r{insn.dst}"
    wide = find(insn._replace(code=_ATOMIC32)) if insn.code in _NARROW else None
    if wide is not None:
        return _format(wide, wide.text.replace("(u32 *)", _NARROW[insn.code]), insn, None)
    cls = insn.code & 7
    return f"{_BUG[cls]}{insn.code:02x}" if cls in _BUG else _CLASS_NAMES[cls]


def _is_plain(row: InsnDef, insn: Insn) -> bool:
    """Whether the kernel's text says all there is: no register above 10, unused fields 0."""
    said = row.uses | selects(row.code)
    if row.name == "call":
        said = SRC | IMM
        if insn.src not in _CALL_SRCS:
            return False
    fields = ((DST, insn.dst), (SRC, insn.src), (OFF, insn.off), (IMM, insn.imm))
    return all(said & field or not value for field, value in fields) and _registers_exist(insn)


def _is_ld_imm64(first: Insn, second: Insn) -> bool:
    return (
        first.src in _KIND_TEXTS
        and first.off == 0
        and _registers_exist(first)
        and second[:4] == (0, 0, 0, 0)
    )


def _registers_exist(insn: Insn) -> bool:
    return insn.dst <= 10 and insn.src <= 10
