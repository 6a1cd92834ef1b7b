"""tests/cases/verifier: every case on every release that is tested.

Sections: `[prog_type NAME]`; `[map TYPE key=4 value=8 entries=1 flags=0 frozen]`, one a map;
`[license TEXT]`; `[accept]` or `[reject]`; `[log]`, lines that the log holds in order, `{{...}}` a
regular expression; `[slow]` keeps a case out of the normal run.  Expectations are those of real
kernels.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import MapDef, Prog
from tests.casefile import Case, read_cases
from verifier_model import verify

if TYPE_CHECKING:
    from verifier_model import Verdict

FOLDER = Path(__file__).parents[2] / "cases" / "verifier"
KINDS = ("prog_type", "map", "license", "accept", "reject", "log", "slow")
CASES = [case for path in sorted(FOLDER.glob("*.test")) for case in read_cases(path)]


def program(case: Case) -> Prog:
    """The program of a case."""
    case.check_kinds(KINDS)
    prog_type = case.get("prog_type")
    licence = case.get("license")
    assert prog_type is not None
    return Prog(
        case.name,
        ProgType[prog_type.argument.upper()],
        tuple(assemble(case.text)),
        maps=tuple(map_def(section.argument) for section in case.all("map")),
        license=licence.argument if licence else "GPL",
    )


def map_def(text: str) -> MapDef:
    kind, *words = text.split()
    given = dict(word.split("=") for word in words if "=" in word)
    size = {name: int(given.get(name, default), 0) for name, default in DEFAULTS.items()}
    return MapDef(
        "",
        MapType[kind.upper()],
        size["key"],
        size["value"],
        size["entries"],
        size["flags"],
        frozen="frozen" in words,
    )


DEFAULTS = {"key": "4", "value": "8", "entries": "1", "flags": "0"}


def check(case: Case, release: str) -> None:
    """The verdict, and the log at level 2, are what the case says for this release."""
    verdict = verify(program(case), Kernel.release(release), log_level=2)
    log = "\n".join(verdict.log[-6:])
    expected = "accept" if case.get("accept", release) else "reject"
    assert (case.get("accept", release) is None) != (case.get("reject", release) is None)
    assert verdict.accepted == (expected == "accept"), f"{release}: {log}"
    section = case.get("log", release)
    if section is not None:
        check_log(section.lines, verdict, release)


def check_log(lines: tuple[str, ...], verdict: Verdict, release: str) -> None:
    at = 0
    log = "\n".join(verdict.log)
    for line in lines:
        pattern = "".join(
            part[2:-2] if part.startswith("{{") else re.escape(part)
            for part in re.split(r"(\{\{.*?\}\})", line)
        )
        match = re.compile(pattern).search(log, at)
        assert match, f"{release}: {line!r} is not in the log after offset {at}:\n{log[-2000:]}"
        at = match.end()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.name}")
def test_every_release_says_what_the_case_says(case):
    for release in RELEASES:
        if not case.get("slow", release):
            check(case, release)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [c for c in CASES if c.all("slow", "6.18")], ids=lambda case: case.name
)
def test_a_slow_case_says_it_too(case):
    for release in ("5.10", "6.18"):
        check(case, release)
