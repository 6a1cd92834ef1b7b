"""The assembler: what it takes, and what it says to what it does not take."""

from __future__ import annotations

import pytest

from emu.isa.asm import AsmError, assemble
from emu.prog import Insn

ONE_LINE = [
    ("r0 = 0", Insn(0xB7)),
    ("r1 = -5", Insn(0xB7, 1, imm=-5)),
    ("r1=5", Insn(0xB7, 1, imm=5)),
    ("w1 = 0xffffffff", Insn(0xB4, 1, imm=-1)),
    ("w2 s>>= 7", Insn(0xC4, 2, imm=7)),
    ("r3 s/= r4", Insn(0x3F, 3, 4, off=1)),
    ("r3 %= 10", Insn(0x97, 3, imm=10)),
    ("r1 = -r1", Insn(0x87, 1)),
    ("w1 = (s16)w2", Insn(0xBC, 1, 2, off=16)),
    ("r7 = be32 r7", Insn(0xDC, 7, imm=32)),
    ("r2 = *(u32 *)(r1 +8)", Insn(0x61, 2, 1, 8)),
    ("r2 = *(u32 *)(r1 + 8)", Insn(0x61, 2, 1, 8)),
    ("r2 = *(u32*)(r1-8)", Insn(0x61, 2, 1, -8)),
    ("r2 = *(u64 *)(r1)", Insn(0x79, 2, 1)),
    ("r2 = *(s8 *)(r1 +0)", Insn(0x91, 2, 1)),
    ("*(u64 *)(r10 -8) = r1", Insn(0x7B, 10, 1, -8)),
    ("*(u32 *)(r10 -4) = 0xffffffff", Insn(0x62, 10, off=-4, imm=-1)),
    ("lock *(u64 *)(r1 +0) += r2", Insn(0xDB, 1, 2)),
    ("r2 = atomic64_fetch_or((u64 *)(r1 +16), r2)", Insn(0xDB, 1, 2, 16, 0x41)),
    ("r0 = atomic_cmpxchg((u32 *)(r1 +0), r0, r3)", Insn(0xC3, 1, 3, 0, 0xF1)),
    ("if r1 == 0xfffffff8 goto pc+3", Insn(0x15, 1, off=3, imm=-8)),
    ("if r1 s<= -8 goto pc-3", Insn(0xD5, 1, off=-3, imm=-8)),
    ("if w1 & w2 goto +2", Insn(0x4E, 1, 2, 2)),
    ("goto pc-1", Insn(0x05, off=-1)),
    ("gotol pc+70000", Insn(0x06, imm=70000)),
    ("may_goto pc+4", Insn(0xE5, off=4)),
    ("call bpf_map_lookup_elem#1", Insn(0x85, imm=1)),
    ("call bpf_map_lookup_elem", Insn(0x85, imm=1)),
    ("call map_lookup_elem", Insn(0x85, imm=1)),
    ("call 14", Insn(0x85, imm=14)),
    ("call unknown#9999", Insn(0x85, imm=9999)),
    ("call pc+4", Insn(0x85, src=1, imm=4)),
    ("call kernel-function#77", Insn(0x85, src=2, imm=77)),
    ("r0 = *(u16 *)skb[r6 + 12]", Insn(0x48, src=6, imm=12)),
    ("exit ; done", Insn(0x95)),
    ("exit // done", Insn(0x95)),
    ("exit # done", Insn(0x95)),
    (".insn 0xff 1 2 -3 4", Insn(0xFF, 1, 2, -3, 4)),
]


@pytest.mark.parametrize(("text", "insn"), ONE_LINE, ids=[text for text, _ in ONE_LINE])
def test_line_is_the_instruction(text, insn):
    assert assemble(text) == (insn,)


@pytest.mark.parametrize(
    ("text", "src", "low", "high"),
    [
        ("r1 = 0 ll", 0, 0, 0),
        ("r1 = 0x123456789abcdef0 ll", 0, -0x65432110, 0x12345678),
        ("r1 = -1 ll", 0, -1, -1),
        ("r1 = 0xffffffffffffffff ll", 0, -1, -1),
        ("r1 = map[3] ll", 1, 3, 0),
        ("r1 = map[3]+8 ll", 2, 3, 8),
        ("r1 = map[3] + 8 ll", 2, 3, 8),
        ("r1 = btf[99] ll", 3, 99, 0),
        ("r1 = pc+7 ll", 4, 7, 0),
        ("r1 = map_idx[2] ll", 5, 2, 0),
        ("r1 = map_idx[2]+4 ll", 6, 2, 4),
    ],
)
def test_ld_imm64_takes_two_slots(text, src, low, high):
    assert assemble(text) == (Insn(0x18, 1, src, 0, low), Insn(0, imm=high))


def test_labels_count_slots_from_the_next_instruction():
    assert assemble("""
            goto end
            r1 = 5 ll
        mid: r0 = 0
        end: other:
            if r0 == 0 goto mid
            exit
    """) == (
        Insn(0x05, off=3),
        Insn(0x18, 1, imm=5),
        Insn(0),
        Insn(0xB7),
        Insn(0x15, off=-2),
        Insn(0x95),
    )


def test_call_of_a_label_is_a_subprog_call():
    insns = assemble("""
        call twice
        exit
        twice:
        r0 = 2
        exit
    """)
    assert insns[0] == Insn(0x85, src=1, imm=1)


def test_label_wins_over_a_helper_of_its_name():
    assert assemble("call loop\nexit\nloop:\nexit")[0] == Insn(0x85, src=1, imm=1)


def test_callback_is_named_by_its_label():
    insns = assemble("r2 = body ll\nexit\nbody: exit")
    assert insns[:2] == (Insn(0x18, 2, 4, imm=2), Insn(0))


def test_blank_text_is_no_instruction():
    assert assemble("\n  ; nothing\n\n") == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("r0 = 0\n  r1 = r2 r3", 2, 3, "no instruction has this form"),
        ("r11 = 1", 1, 1, "there is no register r11"),
        ("exit @", 1, 6, "unexpected character '@'"),
        ("r1 = 0x80000000", 1, 6, "2147483648 does not fit 32 bits"),
        ("r1 = 0x10000000000000000 ll", 1, 6, "does not fit 64 bits"),
        ("r2 = *(u8 *)(r1 +40000)", 1, 17, "40000 does not fit 16 bits"),
        ("if r1 == 1 goto nowhere", 1, 17, "no label is called nowhere"),
        ("call nobody", 1, 6, "no label or helper is called nobody"),
        ("call bpf_loop#3", 1, 6, "helper 3 is not called bpf_loop"),
        ("x: exit\nx: exit", 2, 1, "label x stands twice"),
        ("r1 = -r2", 1, 7, "this must be r1"),
        ("r1 = atomic_cmpxchg((u32 *)(r1 +0), r0, r3)", 1, 1, "this must be r0"),
        (".insn 1 2 3", 1, 1, "wanted: .insn code dst src off imm"),
        (".insn 256 0 0 0 0", 1, 7, "256 is not in 0 ... 255"),
    ],
)
def test_error_says_where_and_why(text, line, column, message):
    with pytest.raises(AsmError, match=f"line {line}, column {column}: ") as caught:
        assemble(text)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_jump_of_more_than_16_bits_is_refused():
    with pytest.raises(AsmError, match="32768 insns away"):
        assemble("goto far\n" + "exit\n" * 32768 + "far: exit")
