"""The `.test` reader: a file of cases, each a program and, beside it, what is expected of it.

    -- A line that begins with two dashes is a comment.

    [case bounded_loop]
        r0 = 0
        exit
    [prog_type tracepoint]
    [log <5.3]
    back-edge from insn 2 to 1
    [accept >=5.3]

A case begins with `[case name]`; its program is the text up to the first section.  A section
begins with a line `[kind]` or `[kind argument]` and holds the lines up to the next one.  The
argument may end in a range of kernels (`<5.3`, `>=5.3 <5.8`, `==5.4`), which holds the section
to those.  A line of text that begins with `[` or `--` is written with a backslash before it.

`Case.get()` and friends answer for one kernel, and refuse a case in which two sections of a
kind hold for that kernel: an expectation must be one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

HEADER = re.compile(r"\[([a-z_]+)(?: ([^\]]*))?\]\s*$")
CONDITION = re.compile(r"(<=|>=|==|<|>)(\d+(?:\.\d+)*)$")


class BadCaseFile(Exception):
    """A `.test` file that does not follow the format; the message begins `path:line: `."""


class Section(NamedTuple):
    """`[kind argument <5.3]` and the lines below it."""

    kind: str
    argument: str  # "" if none was written; without the range
    conditions: tuple[tuple[str, tuple[int, ...]], ...]  # ("<", (5, 3)): all must hold
    lines: tuple[str, ...]  # without newlines, and without empty lines at the end
    line: int  # of the header, from 1

    @property
    def text(self) -> str:
        """The lines, each ended by a newline; "" for no lines."""
        return "".join(f"{line}\n" for line in self.lines)

    def holds(self, release: str | None) -> bool:
        """Whether the section is for the kernel `release` ("5.10"); None: no kernel in play."""
        if not self.conditions:
            return True
        if release is None:
            return False
        version = parse_release(release)
        return all(compare(version, sign, bound) for sign, bound in self.conditions)


class Case(NamedTuple):
    """One `[case name]`: a program, and what is said about it."""

    path: Path
    name: str
    line: int  # of `[case name]`, from 1
    program: Section
    sections: tuple[Section, ...]

    @property
    def text(self) -> str:
        """The program, each line ended by a newline."""
        return self.program.text

    def all(self, kind: str, release: str | None = None) -> list[Section]:
        """The sections of a kind that hold for `release`, in order."""
        return [s for s in self.sections if s.kind == kind and s.holds(release)]

    def get(self, kind: str, release: str | None = None) -> Section | None:
        """The section of a kind that holds for `release`, or None.

        Raises BadCaseFile if two hold.
        """
        found = self.all(kind, release)
        if len(found) > 1:
            where = f"{self.path}:{found[1].line}"
            raise BadCaseFile(f"{where}: second [{kind}] that holds for kernel {release}")
        return found[0] if found else None

    def check_kinds(self, allowed: tuple[str, ...]) -> None:
        """Refuse a section that the runner does not know, so that no expectation is ignored."""
        for section in self.sections:
            if section.kind not in allowed:
                raise BadCaseFile(f"{self.path}:{section.line}: no such section: [{section.kind}]")


def parse_release(release: str) -> tuple[int, ...]:
    """ "5.10.3" is (5, 10, 3)."""
    return tuple(int(part) for part in release.split("."))


def compare(version: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    """Whether `version sign bound`, as far as `bound` goes: 5.4.7 == 5.4."""
    version = version[: len(bound)]
    match sign:
        case "<":
            return version < bound
        case "<=":
            return version <= bound
        case ">":
            return version > bound
        case ">=":
            return version >= bound
        case _:
            return version == bound


def read_cases(path: Path) -> list[Case]:
    """The cases of a `.test` file, in order.

    Raises BadCaseFile for text before the first case, for a name that is used twice, and for
    a file without cases.
    """
    cases: dict[str, Case] = {}
    for blocks in split_cases(path):
        program, *sections = blocks
        name = program.argument
        if not name or name in cases:
            raise BadCaseFile(f"{path}:{program.line}: a case needs a name of its own: {name!r}")
        cases[name] = Case(path, name, program.line, program, tuple(sections))
    if not cases:
        raise BadCaseFile(f"{path}:1: no cases")
    return list(cases.values())


def split_cases(path: Path) -> list[list[Section]]:
    """The sections of each case; the first is the case's own, with its name as argument."""
    cases: list[list[Section]] = []
    header: tuple[str, str, int] | None = None
    lines: list[str] = []

    def finish() -> None:
        """Store the section that has been collected."""
        if header is None:
            return
        kind, rest, number = header
        while lines and not lines[-1].strip():
            lines.pop()
        argument, conditions = split_conditions(rest) if kind != "case" else (rest, ())
        section = Section(kind, argument, conditions, tuple(lines), number)
        if kind == "case":
            cases.append([section])
        else:
            cases[-1].append(section)

    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("--"):
            continue
        if match := HEADER.match(line):
            finish()
            header, lines = (match[1], match[2] or "", number), []
            if not cases and match[1] != "case":
                raise BadCaseFile(f"{path}:{number}: section before the first case")
        elif header is not None:
            lines.append(line[1:] if line.startswith(("\\[", "\\--")) else line)
        elif line.strip():
            raise BadCaseFile(f"{path}:{number}: text before the first case")
    finish()
    return cases


def split_conditions(rest: str) -> tuple[str, tuple[tuple[str, tuple[int, ...]], ...]]:
    """ "tracepoint >=5.3 <5.8" is ("tracepoint", ((">=", (5, 3)), ("<", (5, 8))))."""
    words = rest.split()
    conditions: list[tuple[str, tuple[int, ...]]] = []
    while words and (match := CONDITION.match(words[-1])):
        conditions.insert(0, (match[1], parse_release(match[2])))
        words.pop()
    return " ".join(words), tuple(conditions)
