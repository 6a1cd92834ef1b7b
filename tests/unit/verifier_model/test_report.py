"""The report on a rejection; whole ones that 7.3.4 wrote are in tests/cases/verifier."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import LineInfo, MapDef, Prog
from tests.casefile import read_cases
from verifier_model.env import Env
from verifier_model.reg import PTR_TO_MAP_VALUE, pointer
from verifier_model.report.findings import FINDINGS, find
from verifier_model.report.page import Page
from verifier_model.report.words import described
from verifier_model.rules import rules_of
from verifier_model.verify import verify

CASES = read_cases(Path(__file__).parents[2] / "cases" / "verifier" / "log_report.test")
LOST = next(case for case in CASES if case.name == "register_lost_in_a_call")


def _report_of_7_3(case):
    """What 7.3.4 wrote, from "Verification failed" on, without the statistics."""
    (log,) = (s.lines for s in case.all("whole_log") if s.argument == "7.3.4")
    start = next(n for n, line in enumerate(log) if line.startswith("Verification failed"))
    return log[start - 1 : -1]


def _verdict(text, release, **more):
    prog = Prog("p", ProgType.SOCKET_FILTER, tuple(assemble(text)), license="GPL")
    return verify(prog, Kernel.release(release), **more)


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_gives_the_report_of_7_3_on_request(release):
    verdict = _verdict(LOST.text, release, log_level=0, report=True)
    assert verdict.report == _report_of_7_3(LOST)
    assert verdict.log == ()


def test_the_logs_of_older_releases_do_not_hold_it():
    assert not any("Verification failed" in line for line in _verdict(LOST.text, "7.2").log)
    assert any("Verification failed" in line for line in _verdict(LOST.text, "7.3").log)


def test_without_a_request_there_is_none():
    assert _verdict(LOST.text, "6.12").report == ()


def test_an_accepted_program_has_none():
    assert _verdict("r0 = 0\nexit\n", "7.3", report=True).report == ()


def test_a_rejection_that_the_kernel_does_not_explain_has_none():
    verdict = _verdict("r0 = 1\nr0 /= 0\nexit\n", "7.3.4", report=True)
    assert verdict.message == "div by zero"
    assert verdict.report == ()


@pytest.mark.parametrize(
    ("complaint", "problem"),
    [
        ("R3 invalid mem access 'inv'", "invalid dereference"),
        ("R3 min value is outside of the array range", "access outside bounds"),
        ("unknown func bpf_csum_diff#28", "operation is not allowed"),
        ("R1 type=fp expected=ctx", "invalid call argument"),
        ("back-edge from insn 3 to 1", "back-edge is not allowed"),
        ("bpf_rcu_read_unlock is missing", "operation is not allowed in this context"),
        ("2 bpf_preempt_enable(s) are missing", "operation is not allowed in this context"),
        ("bpf_spin_unlock is missing", "operation is not allowed in this context"),
        ("expected an initialized iter_num as arg #0", "uninitialized iterator use"),
        ("Expected an initialized dynptr as arg #3", "uninitialized dynptr use"),
        ("arg#0 expected pointer to ctx, but got fp", "invalid call argument"),
        ("Possibly NULL pointer passed to trusted arg0", "invalid call argument"),
        (
            "arg#2 arg#3 memory, len pair leads to invalid memory access",
            "invalid call argument",
        ),
    ],
)
def test_older_wordings_are_known(complaint, problem):
    assert [row.problem for row, _ in find(complaint)][:1] == [problem]


def test_every_pattern_is_a_valid_expression():
    assert all(re.compile(row.complaint) for row in FINDINGS)


LOCK, UNLOCK = ".insn 0x85 0 2 0 0", ".insn 0x85 0 2 0 1"
NAMES = ("bpf_rcu_read_lock", "bpf_rcu_read_unlock")


def _told(*lines):
    """The labels of the causal path of a program that calls kernel functions."""
    text = "\n".join((*lines, "r0 = 0", "exit"))
    prog = Prog("p", ProgType.KPROBE, tuple(assemble(text)), license="GPL", kfuncs=NAMES)
    report = verify(prog, Kernel.release("7.3.4"), report=True).report
    path = report[report.index("Causal path:") : report.index("Suggestion:")]
    return [line.split("^-- ")[1] for line in path if "^-- " in line]


def test_the_path_into_a_region_begins_where_it_was_last_entered_from_outside():
    again = "context: entered RCU read lock region; depth is now 2"
    assert _told(LOCK, UNLOCK, LOCK, LOCK, UNLOCK) == [
        "context: entered RCU read lock region; depth is now 1",
        again,
        "context: left RCU read lock region; depth is now 1",
    ]


def test_the_path_to_a_region_that_was_left_too_often_is_whole():
    assert _told(LOCK, UNLOCK, UNLOCK) == [
        "context: entered RCU read lock region; depth is now 1",
        "context: left RCU read lock region; depth is now 0",
    ]


def test_the_register_of_an_atomic_insn_counts_as_where_the_slot_is_from():
    """Measured on 7.3.4: the register of any store counts as where the slot's value is from."""
    text = (
        "r7 = 5\n*(u64 *)(r10 -8) = r7\nlock *(u64 *)(r10 -8) += r7\n"
        "r1 = *(u64 *)(r10 -8)\nr0 = *(u64 *)(r1 +0)\nexit\n"
    )
    report = _verdict(text, "7.3.4", report=True).report
    assert [line.split()[1] for line in report if line.startswith("  insn ")] == [
        "4",
        "0",
        "2",
        "3",
    ]


def _env(text, lines=()):
    env = Env(Prog("p", ProgType.SOCKET_FILTER, assemble(text)), Kernel.release("7.3.4"), 1, 1)
    env.lines = lines
    return env


def test_a_text_is_broken_at_blanks_after_100_columns():
    page = Page(_env("exit\n"))
    page.text("word " * 30)
    assert [len(line) for line in page.lines] == [2 + 94, 2 + 55]


def test_a_place_with_line_info_is_shown_in_its_source():
    lines = tuple(LineInfo(n, "/tmp/a.d", 10 + n, 3, f"\tx{n};") for n in range(3))
    page = Page(_env("r0 = 0\nr1 = 1\nexit\n", lines))
    page.source(1, "error", "it is wrong")
    assert page.lines[:7] == [
        "  a.d:11:3",
        "  Source context:",
        "       9 | ...",
        "      10 |         x0;",
        "  >>> 11 |         x1;",
        "         |         ^-- error: it is wrong",
        "      12 |         x2;",
    ]


def test_an_element_of_a_map_of_maps_is_a_map_without_a_name():
    reg = pointer(PTR_TO_MAP_VALUE)
    reg.maybe_null = True
    inner = MapDef("inner", MapType.ARRAY, 4, 8, 1)
    reg.map = MapDef("outer", MapType.ARRAY_OF_MAPS, 4, 4, 1, inner=inner)
    assert described(reg, rules_of(Kernel.release("7.3.4"))) == "map pointer"
