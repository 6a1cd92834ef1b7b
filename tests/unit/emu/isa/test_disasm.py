"""The disassembler, against texts that kernel 6.18 prints in its verifier log."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.isa.disasm import coded, disassemble, text
from emu.prog import Insn


@pytest.mark.parametrize(
    ("insn", "printed"),
    [
        (Insn(0xB7), "(b7) r0 = 0"),
        (Insn(0x0C, 1, 2), "(0c) w1 += w2"),
        (Insn(0x3F, 3, 4, 1), "(3f) r3 s/= r4"),
        (Insn(0xBF, 1, 2, 8), "(bf) r1 = (s8)r2"),
        (Insn(0xBF, 1, 2, 1, 1), "(bf) r1 = addr_space_cast(r2, 0, 1)"),
        (Insn(0xD7, 1, imm=16), "(d7) r1 = bswap16 r1"),
        (Insn(0x61, 1, 2, 4), "(61) r1 = *(u32 *)(r2 +4)"),
        (Insn(0x7B, 10, 1, -8), "(7b) *(u64 *)(r10 -8) = r1"),
        (Insn(0x62, 10, 0, -4, 5), "(62) *(u32 *)(r10 -4) = 5"),
        (Insn(0xDB, 1, 2), "(db) lock *(u64 *)(r1 +0) += r2"),
        (Insn(0xDB, 1, 2, 0, 1), "(db) r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)"),
        (Insn(0xC3, 1, 2, 0, 0xE1), "(c3) r2 = atomic_xchg((u32 *)(r1 +0), r2)"),
        (Insn(0xDB, 1, 2, 8, 0x100), "(db) r1 = load_acquire((u64 *)(r2 +8))"),
        (Insn(0xDB, 1, 2, 8, 0x110), "(db) store_release((u64 *)(r1 +8), r2)"),
        (Insn(0x15, 1, 0, 3, -8), "(15) if r1 == 0xfffffff8 goto pc+3"),
        (Insn(0x2D, 1, 2, -4), "(2d) if r1 > r2 goto pc-4"),
        (Insn(0x56, 1, 0, 0, 0), "(56) if w1 != 0x0 goto pc+0"),
        (Insn(0x85, imm=1), "(85) call bpf_map_lookup_elem#1"),
        (Insn(0x85, imm=-1), "(85) call unknown#-1"),
        (Insn(0x85, src=1, imm=5), "(85) call pc+5"),
        (Insn(0x20, imm=6), "(20) r0 = *(u32 *)skb[6]"),
        (Insn(0x95), "(95) exit"),
        (Insn(0xE3), "BUG_e3"),
        (Insn(0xD4, dst=9, imm=24), "r9 = le24 r9"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kernel_text(insn, printed):
    wanted = printed if printed.startswith(("(", "BUG_")) else f"({insn.code:02x}) {printed}"
    assert coded((insn,), 0) == wanted


def test_ld_imm64_is_printed_with_both_halves():
    assert text(assemble("r1 = 0x123456789abcdef0 ll"), 0) == "r1 = 0x123456789abcdef0"
    assert text(assemble("r1 = -1 ll"), 0) == "r1 = 0xffffffffffffffff"


def test_own_text_says_what_ld_imm64_loads():
    assert disassemble(assemble("r1 = map[2]+8 ll\nr2 = map[0] ll\nexit")) == [
        "r1 = map[2]+8 ll",
        "r2 = map[0] ll",
        "exit",
    ]


def test_field_that_is_not_used_is_kept():
    stray = Insn(0x95, 1, 2, 3, 4)
    assert text((stray,), 0) == "exit"
    assert disassemble((stray,)) == [".insn 0x95 1 2 3 4"]


def test_ld_imm64_cut_short_is_kept():
    half = Insn(0x18, 1, 0, 0, 5)
    assert disassemble((half,)) == [".insn 0x18 1 0 0 5"]
