"""Tables and their readers: every row of the instruction set has a transfer function, and so on."""

from __future__ import annotations

from contextlib import suppress

import pytest

from emu.isa import table
from emu.kernel.enums import ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.kernel.traits import Trait
from emu.prog import Insn, Prog
from verifier_model import Unmodelled, verify
from verifier_model.rules import Rules
from verifier_model.transfer.registry import transfer
from verifier_model.verify import _transfers


def test_every_row_has_a_transfer_function_and_every_function_a_row():
    assert set(_transfers()) == {row.name for row in table.INSNS}


def test_a_row_cannot_have_two_transfer_functions():
    _transfers()
    with pytest.raises(ValueError, match="two transfer functions for exit"):
        transfer("exit")(lambda env, state, insn: None)


def test_every_rule_is_a_trait():
    assert set(Rules.__annotations__) <= {trait.name for trait in Trait}


@pytest.mark.parametrize("release", RELEASES)
def test_the_smallest_program_is_accepted_by_every_release(release):
    prog = Prog("one", ProgType.KPROBE, (Insn(0xB7), Insn(0x95)))
    verdict = verify(prog, Kernel.release(release))
    assert verdict.accepted
    assert verdict.insns_processed == 2
    assert verdict.log[-1].startswith("processed 2 insns")


def test_nothing_is_logged_at_level_0_but_the_message_is_there():
    prog = Prog("one", ProgType.KPROBE, (Insn(0x95),))
    verdict = verify(prog, Kernel.release("6.12"), log_level=0)
    assert (verdict.log, verdict.message, verdict.insn) == ((), "R0 !read_ok", 0)


BRANCH = (
    Insn(0x79, 2, 1, 0, 0),  # r2 = *(u64 *)(r1 +0)
    Insn(0xB7, 0, 0, 0, 0),  # r0 = 0
    Insn(0x15, 2, 0, 1, 7),  # if r2 == 7 goto pc+1
    Insn(0x95),
    Insn(0x79, 0, 7, 0, 0),  # r0 = *(u64 *)(r7 +0)
    Insn(0x95),
)


@pytest.mark.parametrize(("release", "shown"), [("5.7", True), ("5.8", False)])
def test_level_1_shows_the_rejected_path_only_since_5_8(release, shown):
    verdict = verify(Prog("one", ProgType.KPROBE, BRANCH), Kernel.release(release), log_level=1)
    assert verdict.log[-2:] == ("R7 !read_ok", verdict.log[-1])
    assert ("3: (95) exit" in verdict.log) == shown


def test_level_1_shows_nothing_of_an_accepted_program_but_the_counts():
    prog = Prog("one", ProgType.KPROBE, (Insn(0xB7), Insn(0x95)))
    assert len(verify(prog, Kernel.release("6.12"), log_level=1).log) == 1


def test_a_program_of_no_insns_and_one_of_too_many_are_refused():
    kernel = Kernel.release("4.18")
    assert verify(Prog("none", ProgType.KPROBE, ()), kernel).errno == 7
    many = (Insn(0xB7),) * 4096 + (Insn(0x95),)
    assert verify(Prog("many", ProgType.KPROBE, many), kernel).errno == 7


def test_what_the_model_does_not_cover_is_named_with_its_insn():
    kfunc = Prog("kfunc", ProgType.SOCKET_FILTER, (Insn(0x85, src=2, imm=1), Insn(0x95)))
    with pytest.raises(Unmodelled, match="insn 0: a call of a kernel function by its number"):
        verify(kfunc, Kernel.release("6.12"))


@pytest.mark.parametrize("code", range(256))
def test_any_opcode_gets_a_verdict_or_is_unmodelled(code):
    for fields in ((0, 0, 0, 0), (11, 15, -1, -1), (1, 1, 1, 1)):
        prog = Prog("any", ProgType.KPROBE, (Insn(code, *fields), Insn(0), Insn(0xB7), Insn(0x95)))
        for release in ("4.18", "5.10", "6.12", "7.2"):
            with suppress(Unmodelled):
                assert verify(prog, Kernel.release(release), log_level=2).log
