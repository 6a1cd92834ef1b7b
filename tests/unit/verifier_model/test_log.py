"""The log's words, from lines that real kernels wrote."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.prog import Insn, Prog
from verifier_model import log
from verifier_model.domain.tnum import Tnum
from verifier_model.log_reg import reg_text_of, snum, unum
from verifier_model.reg import PTR_TO_STACK, const_scalar, pointer, unknown_scalar
from verifier_model.rules import rules_of
from verifier_model.verify import verify


def _text(release, reg, frameno=0):
    return reg_text_of(rules_of(Kernel.release(release)))(reg, frameno)


def _byte():
    reg = unknown_scalar()
    reg.var_off = Tnum(0, 0xFF)
    reg.smin = reg.umin = reg.smin32 = reg.umin32 = 0
    reg.smax = reg.umax = reg.smax32 = reg.umax32 = 255
    return reg


@pytest.mark.parametrize(
    ("release", "text"),
    [
        ("5.10", "inv(id=0,umax_value=255,var_off=(0x0; 0xff))"),
        ("6.1", "scalar(umax=255,var_off=(0x0; 0xff))"),
        ("6.12", "scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))"),
    ],
)
def test_a_byte_has_the_words_of_its_release(release, text):
    assert _text(release, _byte()) == text


@pytest.mark.parametrize(
    ("release", "text"),
    [("5.10", "inv4294967295"), ("6.1", "4294967295"), ("6.12", "0xffffffff")],
)
def test_a_large_constant_is_hex_since_6_8(release, text):
    assert _text(release, const_scalar(0xFFFFFFFF)) == text


def test_precision_stands_behind_inv_and_before_scalar():
    reg = const_scalar(5)
    reg.precise = True
    assert _text("5.10", reg) == "invP5"
    assert _text("6.1", reg) == "P5"


def test_a_pointer_to_another_frame_names_it_since_6_8():
    reg = pointer(PTR_TO_STACK)
    reg.off = -56
    assert _text("6.1", reg, 1) == "fp-56"
    assert _text("6.12", reg, 1) == "fp[0]-56"


def test_a_negative_bound_of_32_bits_in_hex_has_8_digits():
    reg = unknown_scalar()
    reg.smin32 = -0x10000
    assert _text("6.12", reg) == "scalar(smin32=0xffff0000)"


def test_numbers_of_16_bits_are_decimal():
    assert (snum(-0x8000), snum(-0x8001)) == ("-32768", "0xffffffffffff7fff")
    assert (unum(0xFFFF), unum(0x10000)) == ("65535", "0x10000")


PROGRAM = """
    r0 = 0
    *(u64 *)(r10 -8) = r1
    exit
"""


def _log(release, level=2):
    prog = Prog("p", ProgType.KPROBE, tuple(assemble(PROGRAM)), license="GPL")
    return verify(prog, Kernel.release(release), log_level=level).log


def test_until_5_16_the_state_stands_before_each_insn():
    assert _log("5.10")[1:5] == (
        "0: R1=ctx(id=0,off=0,imm=0) R10=fp0",
        "0: (b7) r0 = 0",
        "1: R0_w=inv0 R1=ctx(id=0,off=0,imm=0) R10=fp0",
        "1: (7b) *(u64 *)(r10 -8) = r1",
    )


def test_since_5_17_the_change_stands_behind_the_insn_in_column_38():
    assert _log("6.12")[1:5] == (
        "0: R1=ctx() R10=fp0",
        "0: (b7) r0 = 0                        ; R0_w=0",
        "1: (7b) *(u64 *)(r10 -8) = r1         ; R1=ctx() R10=fp0 fp-8_w=ctx()",
        "2: (95) exit",
    )


def test_6_18_tells_live_registers_and_the_use_of_the_stack_and_no_liveness_of_states():
    log = _log("6.18")
    assert log[1:4] == (
        "Live regs before insn:",
        "      0: .1........ (b7) r0 = 0",
        "      1: 01........ (7b) *(u64 *)(r10 -8) = r1",
    )
    assert "1: (7b) *(u64 *)(r10 -8) = r1         ; R1=ctx() R10=fp0 fp-8=ctx()" in log
    assert "(0) frame 0 insn 1 +written -8 " in log


def test_level_1_of_an_accepted_program_is_its_statistics():
    assert [line.split()[0] for line in _log("6.12", level=1)] == ["processed"]
    assert _log("6.12", level=0) == ()


@pytest.mark.parametrize(("release", "text"), [("5.10.262", "bpf_unspec#0"), ("6.1.180", "#0")])
def test_before_kernel_functions_each_call_is_one_of_a_helper(release, text):
    """As the kernels' own tests show."""
    insns = (Insn(0x85, 0, 2, 0, 0), *assemble("r0 = 0\nexit\n"))
    verdict = verify(Prog("", ProgType.XDP, insns), Kernel.release(release), log_level=2)
    assert f"0: (85) call {text}" in verdict.log


def test_of_a_slot_what_lies_before_the_spilled_register_is_told():
    """Measured on 6.18.15: single bytes in the middle, of a store at a variable offset."""
    text = (
        "call get_prandom_u32\nif r0 > 2 goto +6\n*(u64 *)(r10 -8) = 0\nr2 = r10\nr2 += r0\n"
        "*(u8 *)(r2 -6) = 24\nr0 = 0\nexit\nr0 = 0\nexit\n"
    )
    prog = Prog("", ProgType.SOCKET_FILTER, assemble(text))
    log = verify(prog, Kernel.release("6.18.15"), log_level=2).log
    assert next(line for line in log if line.startswith("5: (72)")).endswith(" fp-8=?()")


@pytest.mark.parametrize("release", ["5.10.46", "5.10.262"])
def test_what_a_spill_narrows_is_not_linked(release):
    """Measured on 5.10.262; 5.10.46 does not remember so narrow a spill."""
    text = (
        "call get_prandom_u32\nr9 = r0\nif w9 > 7 goto +3\n*(u32 *)(r10 -8) = r9\n"
        "r0 = *(u32 *)(r10 -8)\nr0 = 0\nr0 = 0\nexit\n"
    )
    prog = Prog("", ProgType.SOCKET_FILTER, assemble(text))
    log = verify(prog, Kernel.release(release), log_level=2).log
    filled = next(line for line in log if line.startswith("5: R0_w")).partition(" R9")[0]
    assert "R0_w=inv(id=0," in filled
    assert ("var_off=(0x0; 0x7)" in filled) == (release == "5.10.262")


def test_the_rest_of_a_walk_without_end_is_left_out(monkeypatch):
    text = "r1 = 0\nr1 += 1\nif r1 < 5000 goto -2\nr0 = 0\nexit\n"
    prog = Prog("", ProgType.SOCKET_FILTER, assemble(text))
    whole = verify(prog, Kernel.release("6.1.180"), log_level=2)
    monkeypatch.setattr(log, "MOST", 100_000)
    short = verify(prog, Kernel.release("6.1.180"), log_level=2)
    assert short._replace(log=()) == whole._replace(log=())
    told = short.log.index(log.LEFT_OUT)
    assert short.log[:told] == whole.log[:told]
    assert 100_000 < sum(len(line) + 1 for line in short.log[:told]) < 150_000
    assert short.log[told + 1 :] == whole.log[-1:]


@pytest.mark.parametrize("release", ["6.6.57", "6.7", "6.8"])
def test_a_zero_next_to_a_narrow_spill_stays_one_since_6_8(release):
    """Read in 6.7.3 and 6.8.1: mark_stack_slot_misc(); 6.8's async_stack_depth.c needs it."""
    text = "r2 = 0\n*(u8 *)(r10 -1) = r2\n*(u16 *)(r10 -8) = r2\nr0 = *(u8 *)(r10 -1)\nexit\n"
    prog = Prog("", ProgType.SOCKET_FILTER, assemble(text))
    log = verify(prog, Kernel.release(release), log_level=2).log
    filled = next(line for line in log if line.startswith("3: "))
    assert ("R0_w=0 " in filled) == (release == "6.8")
