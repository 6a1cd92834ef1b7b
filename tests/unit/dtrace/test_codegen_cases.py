"""Generated programs whose text is worth pinning: the cases of tests/cases/codegen.

A case is a D script with one probe.  `[out RANGE]` holds the instructions of its program, as the
verifier prints them, on every kernel of the range that has a profile; PROBE is the probe's id.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.isa.disasm import disassemble
from emu.kernel.profile import RELEASES
from tests.casefile import Case, read_cases
from tests.dprogram import build

FOLDER = Path(__file__).parents[2] / "cases" / "codegen"
CASES = [case for path in sorted(FOLDER.glob("*.test")) for case in read_cases(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_instructions(case: Case) -> None:
    case.check_kinds(("out",))
    for release in RELEASES:
        section = case.get("out", release) or case.get("out")
        assert section is not None, release
        (built,) = build(case.text, release).build.programs
        lines = disassemble(built.prog.insns)
        number = f" = {built.probes[0].id}"
        got = "".join(f"{line.removesuffix(number)}\n" for line in lines)
        assert got == section.text.replace(" = PROBE\n", "\n"), release
