"""Instructions to bytes and text and back: nothing is lost, whatever the fields hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.isa.asm import AsmError, assemble
from emu.isa.disasm import disassemble
from emu.isa.insn import decode, encode
from emu.isa.table import DST, IMM, INSNS, LD_IMM64_KINDS, NONE, OFF, SRC, InsnDef, find, selects
from emu.prog import Insn

registers = st.integers(0, 10)
s16 = st.sampled_from([0, 1, -1, 2**15 - 1, -(2**15)]) | st.integers(-(2**15), 2**15 - 1)
s32 = st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31)]) | st.integers(-(2**31), 2**31 - 1)

any_insn = st.builds(Insn, st.integers(0, 255), st.integers(0, 15), st.integers(0, 15), s16, s32)


@st.composite
def insns_of(draw: st.DrawFn, row: InsnDef) -> tuple[Insn, ...]:
    """A well-formed instruction of the row: its own fields drawn, the others 0."""
    numbers = {
        DST: ("dst", registers),
        SRC: ("src", registers),
        OFF: ("off", s16),
        IMM: ("imm", s32),
    }
    fields = {name: draw(values) for f, (name, values) in numbers.items() if row.uses & f}
    selecting = selects(row.code)
    if selecting is not NONE:
        fields[numbers[selecting][0]] = row.select
    if row.name == "call":
        fields |= {"src": draw(st.integers(0, 2)), "off": 0}
    first = Insn(row.code, **fields)
    if row.slots == 1:
        return (first,)
    kind = draw(st.sampled_from(LD_IMM64_KINDS))
    high = draw(s32) if "{imm2" in kind.text or "{imm64" in kind.text else 0
    return first._replace(src=kind.src), Insn(0, imm=high)


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_text_assembles_to_the_same_instruction(row):
    @settings(max_examples=25)
    @given(insns_of(row))
    def holds(insns):
        lines = disassemble(insns)
        assert len(lines) == 1
        assert not lines[0].startswith(".insn")
        assert assemble(lines[0]) == insns
        assert find(insns[0]) is row

    holds()


@given(st.lists(any_insn, max_size=6))
def test_any_program_survives_disassembly(insns):
    assert assemble("\n".join(disassemble(insns))) == tuple(insns)


@given(st.lists(any_insn, max_size=6))
def test_any_program_survives_encoding(insns):
    assert decode(encode(insns)) == tuple(insns)


@given(st.binary(max_size=40))
def test_bytes_decode_to_themselves_or_are_refused(data):
    if len(data) % 8:
        with pytest.raises(ValueError, match="cut short"):
            decode(data)
    else:
        assert encode(decode(data)) == data


PIECES = """
    r r0 r1 w2 r10 r11 = += s>>= *(u32 *) ( ) [ ] u8 if goto pc call map exit ll 5 -1 0x10 +8
    , # : l0 l0: lock skb map[0] bpf_loop#1 kernel-function .insn ;
"""
pieces = st.sampled_from([*PIECES.split(), "\n"])


@given(st.lists(pieces, max_size=12).map(" ".join) | st.text(max_size=30))
def test_text_assembles_or_is_refused_with_its_place(text):
    place = refusal(text)
    if place:
        line, column = place
        assert 1 <= line <= text.count("\n") + 1
        assert column >= 1
    else:
        assert assemble("\n".join(disassemble(assemble(text)))) == assemble(text)


def refusal(text: str) -> tuple[int, int] | None:
    """Line and column that the assembler complains of, if it does."""
    try:
        assemble(text)
    except AsmError as error:
        return error.line, error.column
    return None
