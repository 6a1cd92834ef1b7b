"""How much of a register an insn reads.

Source: bpf_is_reg64(), until 7.0 is_reg64(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ALU, ALU64, DW, JMP32, STX

if TYPE_CHECKING:
    from emu.prog import Insn

_END, _SIZE, _OP = 0xD0, 0x18, 0xF0


def reads_whole(insn: Insn) -> bool:
    """Whether an insn reads all of a register that holds a number.  Of a pointer every one does."""
    cls = insn.code & 7
    if cls in (ALU, ALU64) and insn.code & _OP == _END:
        return insn.imm == 64
    if cls == STX:
        return insn.code & _SIZE == DW
    return cls not in (ALU, JMP32)
