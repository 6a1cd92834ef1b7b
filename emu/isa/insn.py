"""Instructions as bytes: struct bpf_insn, little endian, 8 bytes each."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.prog import Insn

if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE = 8  # bytes

# u8 code, u8 with dst in the low and src in the high half, s16 off, s32 imm
_LAYOUT = struct.Struct("<BBhi")


def encode(insns: Iterable[Insn]) -> bytes:
    """The program's bytes, as BPF_PROG_LOAD takes them.

    Raises ValueError, naming the insn, for a field that its bits cannot hold.
    """
    pack = _LAYOUT.pack
    out = []
    for i, insn in enumerate(insns):
        code, dst, src, off, imm = insn
        if not (0 <= dst <= 15 and 0 <= src <= 15):
            raise ValueError(f"insn {i}: no such register: {insn}")
        try:
            out.append(pack(code, src << 4 | dst, off, imm))
        except struct.error as err:
            raise ValueError(f"insn {i}: {err}: {insn}") from None
    return b"".join(out)


def decode(data: bytes) -> tuple[Insn, ...]:
    """The instructions in `data`.

    Raises ValueError, with its offset in bytes, for an instruction that is cut short.
    """
    if len(data) % SIZE:
        at = len(data) - len(data) % SIZE
        raise ValueError(f"instruction at byte {at} is cut short: {len(data) - at} of {SIZE} bytes")
    return tuple(
        Insn(code, regs & 15, regs >> 4, off, imm)
        for code, regs, off, imm in _LAYOUT.iter_unpack(data)
    )
