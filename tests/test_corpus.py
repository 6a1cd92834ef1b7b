"""The corpus is well-formed: names, directives, results, and no builtin without a program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dtrace.errtags import ErrTag
from emu.world.builtin import WORLDS
from tests import corpus

PROGRAMS = corpus.programs()


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_program_says_what_must_hold(path: Path) -> None:
    head = path.read_text(encoding="latin-1").split("*/", 1)[0]
    assert re.search(r"ASSERTION: \S", head)
    assert re.search(r"SECTION: \S", head)


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_program_has_valid_directives_and_a_result(path: Path) -> None:
    case = corpus.read(path)
    assert case.expected.exists()
    expected = case.expected.read_text(encoding="latin-1")
    assert not case.tag or case.tag in ErrTag.__members__
    assert f"[{case.tag}]" in expected or not case.tag
    assert str(corpus.ROOT) not in expected
    assert not case.world or case.world in WORLDS or Path(corpus.world_path(case.world)).exists()


def test_every_result_belongs_to_a_program() -> None:
    orphans = [path for path in corpus.ROOT.glob("*/*.r") if not path.with_suffix(".d").exists()]
    assert orphans == []


def test_a_wrong_name_or_directive_is_refused(tmp_path: Path) -> None:
    for name, head in (("list.d", ""), ("tst.a.d", "/* @@wrold: busy */")):
        path = tmp_path / name
        path.write_text(head)
        with pytest.raises(ValueError, match=re.escape(str(path))):
            corpus.read(path)


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        (corpus.Result("1\n", "", 0), ""),
        (corpus.Result("1\n", "", 2), "exit status 2, expected 0"),
        (corpus.Result("2\n", "", 0), "+2"),
        (corpus.Result("1\n", "dtrace: oops\n", 0), "+dtrace: oops"),
    ],
)
def test_a_different_result_is_a_complaint(
    tmp_path: Path, result: corpus.Result, complaint: str
) -> None:
    path = tmp_path / "tst.one.d"
    path.write_text("BEGIN { trace(1); exit(0); }")
    path.with_suffix(".r").write_text("1\n")
    found = corpus.compare(corpus.read(path), result)
    assert complaint in found
    assert bool(found) == bool(complaint)
