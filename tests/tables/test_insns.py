"""The instruction table against itself and against RFC 9669's encoding."""

from __future__ import annotations

import platform
import re

import pytest

from emu.isa.asm import assemble
from emu.isa.disasm import coded, disassemble, text
from emu.isa.insn import decode, encode
from emu.isa.table import (
    CALL_KINDS,
    DST,
    IMM,
    INSNS,
    LD_IMM64_KINDS,
    NONE,
    OFF,
    SRC,
    InsnDef,
    by_name,
    find,
    selects,
)
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.kernel.traits import Trait
from emu.prog import Insn
from tests.tables.kernel_log import verifier_log

EVERY_ROW = pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)


def sample(row: InsnDef) -> Insn:
    """An instruction of the row, with a number in every field that it reads."""
    fields = {DST: ("dst", 1), SRC: ("src", 2), OFF: ("off", 3), IMM: ("imm", 4)}
    used = dict(fields[field] for field in (DST, SRC, OFF, IMM) if row.uses & field)
    selecting = selects(row.code)
    if selecting is not NONE:
        used[fields[selecting][0]] = row.select
    if row.name in ("call", "ld_imm64"):
        used |= {"src": 0, "off": 0}
    return Insn(row.code)._replace(**used)


def slots(row: InsnDef) -> tuple[Insn, ...]:
    return (sample(row), Insn(0, imm=5)) if row.slots == 2 else (sample(row),)


def test_names_are_unique():
    assert len(by_name) == len(INSNS)


def test_code_and_selector_are_unique():
    assert len({(row.code, row.select) for row in INSNS}) == len(INSNS)


def test_rows_of_one_code_have_a_selecting_field():
    codes = [row.code for row in INSNS]
    assert [hex(c) for c in codes if codes.count(c) > 1 and selects(c) is NONE] == []
    assert [row.name for row in INSNS if row.select and selects(row.code) is NONE] == []


@EVERY_ROW
def test_needs_a_trait_that_exists(row):
    assert row.needs is None or isinstance(row.needs, Trait)


@EVERY_ROW
def test_is_found_by_its_encoding(row):
    assert find(sample(row)) is row


@EVERY_ROW
def test_bytes_decode_to_what_was_encoded(row):
    assert decode(encode(slots(row))) == slots(row)


@EVERY_ROW
def test_own_text_assembles_to_it(row):
    lines = disassemble(slots(row))
    assert not lines[0].startswith(".insn")
    assert assemble("\n".join(lines)) == slots(row)


@EVERY_ROW
def test_text_names_every_field_it_uses(row):
    """Two instructions that differ in a used field read differently."""
    if row.name in ("call", "ld_imm64"):
        pytest.skip("what src says is in CALL_KINDS and LD_IMM64_KINDS")
    insn = sample(row)
    for field, name in ((DST, "dst"), (SRC, "src"), (OFF, "off"), (IMM, "imm")):
        if row.uses & field:
            other = insn._replace(**{name: getattr(insn, name) + 1})
            assert text((insn,), 0) != text((other,), 0), name


@pytest.mark.parametrize(
    ("name", "code"),
    [  # RFC 9669, appendix "Opcode Table"
        ("ld_imm64", 0x18),
        ("add32_imm", 0x04),
        ("ja", 0x05),
        ("gotol", 0x06),
        ("add64_imm", 0x07),
        ("add32_reg", 0x0C),
        ("add64_reg", 0x0F),
        ("jeq_imm", 0x15),
        ("jeq32_imm", 0x16),
        ("jeq_reg", 0x1D),
        ("jeq32_reg", 0x1E),
        ("jgt_imm", 0x25),
        ("jge_imm", 0x35),
        ("div64_reg", 0x3F),
        ("sdiv64_reg", 0x3F),
        ("jset_reg", 0x4D),
        ("jne32_imm", 0x56),
        ("ldxw", 0x61),
        ("stw", 0x62),
        ("stxw", 0x63),
        ("jsgt_imm", 0x65),
        ("ldxh", 0x69),
        ("stxh", 0x6B),
        ("ldxb", 0x71),
        ("stb", 0x72),
        ("ldxdw", 0x79),
        ("stdw", 0x7A),
        ("stxdw", 0x7B),
        ("ldxsw", 0x81),
        ("neg32", 0x84),
        ("call", 0x85),
        ("neg64", 0x87),
        ("ldxsh", 0x89),
        ("ldxsb", 0x91),
        ("exit", 0x95),
        ("smod64_imm", 0x97),
        ("jlt_imm", 0xA5),
        ("xor64_reg", 0xAF),
        ("mov64_imm", 0xB7),
        ("movsx32_64_reg", 0xBF),
        ("atomic32_add", 0xC3),
        ("arsh64_imm", 0xC7),
        ("le16", 0xD4),
        ("jsle_imm", 0xD5),
        ("bswap64", 0xD7),
        ("atomic64_cmpxchg", 0xDB),
        ("be64", 0xDC),
        ("jsle32_reg", 0xDE),
    ],
)
def test_code_is_the_standards(name, code):
    assert by_name[name].code == code


@pytest.mark.parametrize(
    ("name", "imm"),
    [
        ("atomic64_add", 0x00),
        ("atomic64_fetch_add", 0x01),
        ("atomic64_or", 0x40),
        ("atomic64_and", 0x50),
        ("atomic64_xor", 0xA0),
        ("atomic64_fetch_xor", 0xA1),
        ("atomic64_xchg", 0xE1),
        ("atomic64_cmpxchg", 0xF1),
        ("load_acquire64", 0x100),
        ("store_release64", 0x110),
    ],
)
def test_atomic_operation_is_the_standards(name, imm):
    assert by_name[name].select == imm


def test_kinds_of_numbers_and_calls_are_told_apart_by_src():
    assert [kind.src for kind in LD_IMM64_KINDS] == [0, 1, 2, 3, 4, 5, 6]
    assert [kind.src for kind in CALL_KINDS] == [0, 1, 2]


@pytest.mark.kernel
@EVERY_ROW
def test_text_is_what_the_running_kernel_prints(row):
    kernel = Kernel.of_uname(platform.release())
    if not kernel.at_least("6.18") or (row.needs and not kernel.has(row.needs)):
        pytest.skip("this kernel is older than the instruction, or than the text we print")
    if row.name == "exit":
        pytest.skip("it ends the program: the kernel finds what follows unreachable")
    insns = slots(row)
    if row.name in ("gotol", "call"):
        insns = (insns[0]._replace(imm=0 if row.name == "gotol" else 1),)
    elif OFF in row.uses:
        insns = (insns[0]._replace(off=0),)  # a jump must have somewhere to go
    log = verifier_log(ProgType.RAW_TRACEPOINT, (*insns, *assemble("r0 = 0\nexit")))
    printed = re.search(r"^0: (\(.*?)(?: +; .*)?$", log, re.MULTILINE)
    assert printed is not None, log
    assert printed[1] == coded(insns, 0)
