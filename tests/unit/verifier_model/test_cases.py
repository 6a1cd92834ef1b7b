"""tests/cases/verifier: every case on every release that is tested.

Sections: `[prog_type NAME]`; `[map TYPE key=4 value=8 entries=1 flags=0 frozen]`, one a map;
`[func INSN static NAME]`, one a function, where BTF names them;
`[license TEXT]`; `[accept]` or `[reject]`; `[log]`, lines that the log holds in order, `{{...}}` a
regular expression; `[whole_log RELEASE]`, all lines of that very kernel's but for blanks at their
ends; `[level N]`, the log's level if not 2; `[slow]` keeps a case out of the normal run.
Expectations are those of real kernels.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import AttachType, MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import FuncInfo, MapDef, MapField, Prog
from tests.casefile import Case, read_cases
from verifier_model import verify

if TYPE_CHECKING:
    from tests.casefile import Section
    from verifier_model import Verdict

FOLDER = Path(__file__).parents[2] / "cases" / "verifier"
KINDS = (
    *("prog_type", "attach_type", "map", "func", "license"),
    *("accept", "reject", "log", "whole_log", "level", "slow"),
)
CASES = [case for path in sorted(FOLDER.glob("*.test")) for case in read_cases(path)]


def program(case: Case) -> Prog:
    """The program of a case."""
    case.check_kinds(KINDS)
    prog_type = case.get("prog_type")
    licence = case.get("license")
    attach_type = case.get("attach_type")
    assert prog_type is not None
    return Prog(
        case.name,
        ProgType[prog_type.argument.upper()],
        tuple(assemble(case.text)),
        maps=tuple(map_def(section.argument) for section in case.all("map")),
        license=licence.argument if licence else "GPL",
        expected_attach_type=AttachType[attach_type.argument.upper()] if attach_type else 0,
        func_info=tuple(func_info(section.argument) for section in case.all("func")),
    )


def func_info(text: str) -> FuncInfo:
    start, linkage, name = text.split()
    return FuncInfo(int(start), ("static", "global").index(linkage), name)


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
        fields=tuple(field for word in words if (field := map_field(word))) or None,
    )


def map_field(text: str) -> MapField | None:
    """A field of the map's values that is the kernel's: "lock=0" says where it is."""
    name, _, offset = text.partition("=")
    if name not in FIELDS:
        return None
    kind, size = FIELDS[name]
    return MapField(kind, int(offset), size)


FIELDS = {"lock": ("bpf_spin_lock", 4), "timer": ("bpf_timer", 16), "kptr": ("kptr", 8)}
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


def check_whole_log(case: Case, whole: Section) -> None:
    level, release = case.get("level"), whole.argument
    log_level = int(level.argument) if level else 2
    verdict = verify(program(case), Kernel.release(release), log_level=log_level)
    said = [line.rstrip() for line in verdict.log]
    for n, (line, ours) in enumerate(zip(whole.lines, said, strict=False), 1):
        assert re.fullmatch(pattern_of(line), ours), f"{release}, line {n}: {line!r}, ours {ours!r}"
    assert len(said) == len(whole.lines), f"{release}: {len(whole.lines)} lines, ours {len(said)}"


def pattern_of(line: str) -> str:
    """A line as a regular expression."""
    return "".join(
        part[2:-2] if part.startswith("{{") else re.escape(part)
        for part in re.split(r"(\{\{.*?\}\})", line)
    )


def check_log(lines: tuple[str, ...], verdict: Verdict, release: str) -> None:
    at = 0
    log = "\n".join(verdict.log)
    for line in lines:
        match = re.compile(pattern_of(line)).search(log, at)
        assert match, f"{release}: {line!r} is not in the log after offset {at}:\n{log[-2000:]}"
        at = match.end()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.name}")
def test_every_release_says_what_the_case_says(case):
    for release in RELEASES:
        if not case.get("slow", release):
            check(case, release)


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.all("whole_log")], ids=lambda case: case.name
)
def test_the_whole_log_is_what_that_very_kernel_wrote(case):
    for section in case.all("whole_log"):
        check_whole_log(case, section)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [c for c in CASES if c.all("slow", "6.18")], ids=lambda case: case.name
)
def test_a_slow_case_says_it_too(case):
    for release in ("5.10", "6.18"):
        check(case, release)
