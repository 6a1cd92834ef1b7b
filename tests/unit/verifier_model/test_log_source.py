"""Lines of source in the log.  The logs were measured on 5.10.262 and 6.12.107."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.prog import LineInfo, Prog
from verifier_model import verify

LINES = (
    LineInfo(0, "/src/a.c", 1, 6, "\tint x = 1;"),
    LineInfo(1, "/src/a.c", 1, 10, "\tint x = 1;"),
    LineInfo(2, "/src/a.c", 2, 2, "\treturn 0;"),
)
LOOP = (
    LineInfo(0, "/src/a.c", 1, 6, "\tfor (;;) {"),
    LineInfo(1, "/src/a.c", 2, 10, "}"),
    LineInfo(3, "/src/a.c", 3, 2, "\treturn 0;"),
)
STRAIGHT = "r1 = 1\nr1 += 1\nr0 = 0\nexit\n"
ENDLESS = "r1 = 1\nr0 = 0\nif r0 == 0 goto -2\nexit\n"
CALLS = "call f\nexit\nf: r0 = 0\nexit\n"


def log(text: str, lines: tuple[LineInfo, ...], release: str, level: int) -> tuple[str, ...]:
    prog = Prog("", ProgType.SOCKET_FILTER, assemble(text), line_info=lines)
    return verify(prog, Kernel.release(release), log_level=level).log


def test_each_record_is_told_before_6_9():
    assert log(STRAIGHT, LINES, "5.10.262", 2)[1:-1] == (
        "0: R1=ctx(id=0,off=0,imm=0) R10=fp0",
        "; int x = 1;",
        "0: (b7) r1 = 1",
        "1: R1_w=inv1 R10=fp0",
        "; int x = 1;",
        "1: (07) r1 += 1",
        "2: R1_w=inv2 R10=fp0",
        "; return 0;",
        "2: (b7) r0 = 0",
        "3: R0_w=inv0 R1_w=inv2 R10=fp0",
        "3: (95) exit",
    )


def test_each_line_is_told_with_its_place_since_6_9():
    assert log(STRAIGHT, LINES, "6.12.107", 2)[1:-1] == (
        "0: R1=ctx() R10=fp0",
        "; int x = 1; @ a.c:1",
        "0: (b7) r1 = 1                        ; R1_w=1",
        "1: (07) r1 += 1                       ; R1_w=2",
        "; return 0; @ a.c:2",
        "2: (b7) r0 = 0                        ; R0_w=0",
        "3: (95) exit",
    )


@pytest.mark.parametrize(("release", "line"), [("5.10.262", "; }"), ("6.12.107", "; } @ a.c:2")])
def test_without_the_walk_the_complaint_tells_the_line(release, line):
    assert log(ENDLESS, LOOP, release, 4)[:2] == (line, "infinite loop detected at insn 1")


def test_kernels_before_5_0_take_no_lines():
    assert not any(line.startswith(";") for line in log(STRAIGHT, LINES, "4.19", 2))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (LINES[1:], "missing bpf_line_info for func#0"),
        (LINES[:1], "missing bpf_line_info for 1 funcs starting from func#1"),
        (LINES[:2] + LINES[1:], "Invalid line_info[2].insn_off:1 (prev_offset:1 prog->len:4)"),
        ((LINES[0], LINES[2]._replace(insn=4)), "Invalid line_info[1].insn_off:4"),
    ],
)
def test_lines_that_kernels_refuse(lines, said):
    assert log(CALLS, lines, "6.12.107", 2)[-2].startswith(said)
