"""Instructions as bytes."""

from __future__ import annotations

import pytest

from emu.isa.insn import decode, encode
from emu.prog import Insn


def test_fields_are_where_struct_bpf_insn_has_them():
    """u8 code; u8 dst:4, src:4; s16 off; s32 imm: little endian."""
    assert encode([Insn(0x7B, 10, 1, -8, 0x11223344)]).hex(" ") == "7b 1a f8 ff 44 33 22 11"


def test_program_is_its_instructions_one_after_another():
    insns = (Insn(0xB7), Insn(0x95))
    assert encode(insns) == bytes.fromhex("b7000000000000009500000000000000")
    assert decode(encode(insns)) == insns


def test_instruction_cut_short_is_refused_with_its_offset():
    with pytest.raises(ValueError, match="byte 8 is cut short: 3 of 8"):
        decode(bytes(11))


@pytest.mark.parametrize(
    "insn",
    [
        Insn(0x95, dst=16),
        Insn(0x95, src=-1),
        Insn(0x95, off=1 << 15),
        Insn(0x95, imm=1 << 31),
        Insn(256),
    ],
)
def test_field_that_does_not_fit_is_refused(insn):
    with pytest.raises(ValueError, match="insn 1: "):
        encode([Insn(0x95), insn])
