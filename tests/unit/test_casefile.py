"""The reader of `.test` files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.casefile import BadCaseFile, Case, read_cases

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
-- A comment.

[case first]
one
  two

[log <5.3]
old
\\[not a section]

-- Another comment, among the lines.
\\-- not a comment
[log >=5.3 <5.8]
middle
[log >=5.8]
[prog_type tracepoint]

[case second]
[expect]
"""


def read(tmp_path: Path, text: str) -> list[Case]:
    path = tmp_path / "some.test"
    path.write_text(text)
    return read_cases(path)


def test_cases_have_a_name_a_line_and_a_program(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT)
    assert (first.name, first.line, first.text) == ("first", 3, "one\n  two\n")
    assert (second.name, second.line, second.text) == ("second", 18, "")


def test_sections_have_their_lines(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT)
    section = first.get("log", "5.2")
    assert section is not None
    assert section.lines == ("old", "[not a section]", "", "-- not a comment")
    assert section.line == 7
    section = first.get("prog_type")
    assert section is not None
    assert (section.argument, section.text) == ("tracepoint", "")
    assert second.get("expect") is not None


@pytest.mark.parametrize(
    ("release", "line"),
    [("4.18", 7), ("5.2.99", 7), ("5.3", 13), ("5.3.1", 13), ("5.7", 13), ("5.8", 15), ("6.1", 15)],
)
def test_a_section_holds_for_its_kernels(tmp_path: Path, release: str, line: int) -> None:
    first, _ = read(tmp_path, TEXT)
    section = first.get("log", release)
    assert section is not None
    assert section.line == line


def test_a_section_with_a_range_holds_for_no_kernel_at_all(tmp_path: Path) -> None:
    first, _ = read(tmp_path, TEXT)
    assert first.get("log") is None
    assert first.all("log", "5.3") == [first.get("log", "5.3")]


def test_equality_is_about_the_parts_that_are_written(tmp_path: Path) -> None:
    (case,) = read(tmp_path, "[case a]\n[x ==5.4]\n")
    assert [bool(case.get("x", r)) for r in ("5.4", "5.4.7", "5.5")] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: no cases"),
        ("text\n[case a]\n", ":1: text before the first case"),
        ("[log]\n[case a]\n", ":1: section before the first case"),
        ("[case a]\n[case a]\n", ":2: a case needs a name of its own: 'a'"),
        ("[case]\n", ":1: a case needs a name of its own: ''"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadCaseFile) as caught:
        read(tmp_path, text)
    assert str(caught.value).endswith("some.test" + message)


def test_two_sections_that_hold_for_one_kernel_are_refused(tmp_path: Path) -> None:
    (case,) = read(tmp_path, "[case a]\n[log <5.3]\n[log >=5.2]\n")
    assert case.get("log", "5.1") is not None
    with pytest.raises(BadCaseFile, match=r":3: second \[log\] that holds for kernel 5\.2"):
        case.get("log", "5.2")


def test_a_section_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    (case,) = read(tmp_path, "[case a]\n[expcet]\n")
    with pytest.raises(BadCaseFile, match=r":2: no such section: \[expcet\]"):
        case.check_kinds(("expect",))
