"""python -m emu.conformance: the plug-in protocol, and the suite's own cases where they are.

BPF_CONFORMANCE names the folder of its cases: `tests` of github.com/Alan-Jowett/bpf_conformance.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from emu import conformance
from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.vm.engine import ENGINES
from tests.conformance_asm import Case
from tests.conformance_asm import assemble as assemble_case

DATA = os.environ.get("BPF_CONFORMANCE", "")
# Cases that do not apply, and why.
NOT_APPLICABLE = {
    "callx": "opcode 0x8d, a call by register, is in no Linux kernel's instruction set",
}
CASES = sorted(Path(DATA).glob("*.data")) if DATA else []


def main(monkeypatch, program, *arguments):
    monkeypatch.setattr(sys, "stdin", io.StringIO(program))
    return conformance.main(list(arguments))


def test_result_is_printed_in_hex(monkeypatch, capsys):
    program = encode(assemble("r0 = *(u8 *)(r1 +1)\nr0 <<= 8\nr0 |= r2\nexit")).hex(" ")
    assert main(monkeypatch, program, "00 ab 02") == 0
    assert capsys.readouterr().out == "ab03\n"


def test_fault_goes_to_standard_error_with_status_1(monkeypatch, capsys):
    program = encode(assemble("r0 = *(u64 *)(r1 +1)\nexit")).hex()
    assert main(monkeypatch, program, "00ab02") == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "insn 0: cannot read 8 bytes" in output.err


@pytest.mark.parametrize("program", ["9", "95", "zz"])
def test_text_that_is_no_program_is_a_complaint(monkeypatch, capsys, program):
    assert main(monkeypatch, program) == 1
    assert "not a program" in capsys.readouterr().err


def test_suite_language_is_assembled():
    text = """
    # a comment
    mov32 %r0, 0x80000000
    lddw %r1, 0x1122334455667788
    stxdw [%r10-8], %r1
    lock fetch add32 [%r10-8], %r0
    jne %r0, 0x55667788, exit
    swap32 %r0
    exit
    """
    assert conformance.run(assemble_case(text), b"") == 0x88776655


@pytest.mark.skipif(not CASES, reason="needs the suite's tests: BPF_CONFORMANCE=.../tests")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_of_the_suite(path, engine):
    if path.stem in NOT_APPLICABLE:
        pytest.skip(NOT_APPLICABLE[path.stem])
    case = Case(path)
    assert conformance.run(case.code, case.memory, engine) == case.result
