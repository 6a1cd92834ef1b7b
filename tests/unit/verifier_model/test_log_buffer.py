"""Logs that do not fit: what 5.10.262, 6.1.180, 6.12.107 and 6.18.44 left in 160 bytes."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.errno import EACCES, EINVAL, ENOSPC
from emu.kernel.profile import Kernel
from emu.prog import Prog
from verifier_model.verify import verify

ACCEPTED = """
    r0 = *(u32 *)(r1 +0)
    *(u64 *)(r10 -8) = r0
    if r0 > 7 goto l
    r0 = 0
l:  exit
"""
REJECTED = """
    r0 = *(u32 *)(r1 +0)
    if r0 > 7 goto l
    r0 = r5
l:  exit
"""
STATISTICS = (
    "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
    "mark_read 0\n"
)
TAIL = "ax32=umax32=7,var_off=(0x0; 0x7))\n2: (bf) r0 = r5\nR5 !read_ok\n" + STATISTICS


def _verdict(text, release, level, size=160):
    prog = Prog("p", ProgType.SOCKET_FILTER, tuple(assemble(text)), license="GPL")
    return verify(prog, Kernel.release(release), log_level=level, log_size=size)


@pytest.mark.parametrize(
    ("release", "level", "text"),
    [
        (
            "5.10.262",
            1,
            "0: (61) r0 = *(u32 *)(r1 +0)\n1: (25) if r0 > 0x7 goto pc+1\n"
            " R0_w=inv(id=0,umax_value=7,var_off=(0x0; 0x7)) R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
            "2: (bf) r0 = r5\nR5 ",
        ),
        (
            "6.1.180",
            2,
            "func#0 @0\n0: R1=ctx(off=0,imm=0) R10=fp0\n0: (61) r0 = *(u32 *)(r1 +0)          ; "
            "R0_w=scalar(umax=4294967295,var_off=(0x0; 0xffffffff)) R1=ctx(off=0,imm=0)\n1: ",
        ),
    ],
)
def test_until_6_3_a_full_buffer_holds_the_head(release, level, text):
    verdict = _verdict(REJECTED, release, level)
    assert verdict.log_text == text
    assert verdict.errno == ENOSPC


@pytest.mark.parametrize(
    ("release", "level", "true_size"),
    [("6.12.107", 1, 374), ("6.12.107", 2, 384), ("6.18.44", 1, 370), ("6.18.44", 2, 559)],
)
def test_since_6_4_it_holds_the_end_and_the_kernel_tells_the_size_it_needs(
    release, level, true_size
):
    verdict = _verdict(REJECTED, release, level)
    assert verdict.log_text == TAIL
    assert (verdict.errno, verdict.log_true_size) == (ENOSPC, true_size)
    assert _verdict(REJECTED, release, level, true_size).errno == EACCES
    assert _verdict(REJECTED, release, level, true_size - 1).errno == ENOSPC


def test_level_8_asks_for_the_head():
    verdict = _verdict(REJECTED, "6.18.44", 2 | 8)
    assert verdict.log_text.endswith(
        "1: 0....5.... (25) if r0 > 0x7 goto pc+1\n      2: .....5.... (bf) r0 = r5\n"
    )
    assert verdict.log_true_size == 559


@pytest.mark.parametrize(("release", "true_size"), [("6.12.107", 564), ("6.18.44", 554)])
def test_a_log_that_was_too_long_in_between_fails_an_accepted_program(release, true_size):
    verdict = _verdict(ACCEPTED, release, 1)
    assert [line.split()[0] for line in verdict.log] == ["processed"]
    assert (verdict.accepted, verdict.errno, verdict.log_true_size) == (False, ENOSPC, true_size)


def test_until_6_3_such_a_log_stays_full():
    verdict = _verdict(ACCEPTED, "5.10.262", 1)
    assert verdict.errno == ENOSPC
    assert verdict.log_text.endswith(
        "R0_w=inv(id=0,umax_value=7,var_off=(0x0; 0x7)) R1=ctx(id=0,off=0,imm="
    )


@pytest.mark.parametrize("release", ["5.10.262", "6.1.180", "6.12.107", "6.18.44"])
def test_level_4_tells_the_complaint_and_statistics(release):
    verdict = _verdict(REJECTED, release, 4)
    time, *rest = verdict.log[1:]
    assert verdict.log[0] == "R5 !read_ok"
    assert time.startswith("verification time ")
    assert rest == ["stack depth 0", STATISTICS.strip()]


@pytest.mark.parametrize(
    ("release", "level", "size"),
    [
        ("5.10.262", 1, 127),  # the least is 128
        ("5.10.262", 8, 160),
        ("6.1.180", 9, 160),
        ("6.12.107", 16, 160),
        ("6.12.107", 0, 160),  # a buffer, and nothing to put into it
        ("6.12.107", 1, 1 << 30),
        ("6.12.107", -1, None),
    ],
)
def test_senseless_levels_and_sizes_are_invalid(release, level, size):
    verdict = _verdict(ACCEPTED, release, level, size)
    assert (verdict.accepted, verdict.errno, verdict.log) == (False, EINVAL, ())


def test_since_6_4_a_log_may_have_no_buffer():
    verdict = _verdict(REJECTED, "6.18.44", 1, 0)
    assert (verdict.errno, verdict.log_text, verdict.log_true_size) == (EACCES, "", 370)
