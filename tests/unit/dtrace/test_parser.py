"""The D parser: the cases of tests/cases/lexer and tests/cases/parser, and what they cannot say.

Sections of a case:

    [args]          the program's arguments, one a line; $0 is prog.d
    [option NAME]   command_line (the text is that of -n), defaultargs, argref
    [tree]          the program, printed from its tree
    [tokens]        the tokens that the parser saw: a name as it is, others as kind(value)
    [error]         tag, line and message, word for word those of DTrace 2.0.7
    [ours]          DTrace 2.0.7 differs here on purpose; a comment or the file's head says why
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang import generate, lalr, tables
from dtrace.lang.decls import Declaration, Pragma
from dtrace.lang.macros import Macros
from dtrace.lang.nodes import Call, Clause, Ident, Program
from dtrace.lang.parser import Parser, parse, parse_expression, parse_option, parse_type
from dtrace.lang.pretty import pretty
from dtrace.lang.tokens import END, Token
from dtrace.source import Source
from tests.casefile import Case, read_cases

FOLDER = Path(__file__).resolve().parents[2] / "cases"
CASES = [
    case
    for folder in ("lexer", "parser")
    for path in sorted((FOLDER / folder).glob("*.test"))
    for case in read_cases(path)
]
SECTIONS = ("args", "option", "tree", "tokens", "error", "ours")

KNOWN_TYPES = frozenset({"uint32_t", "uint64_t", "pid_t"})
KNOWN_NAMES = frozenset({"trace", "count", "sum", "execname", "exit"})
VARIABLES = {"pid": 123, "target": 0}


def parser_of(case: Case) -> Parser:
    """A parser for a case's program."""
    options = {section.argument for section in case.all("option")}
    args = section.lines if (section := case.get("args")) else ()
    command_line = "command_line" in options
    source = Source(case.text, "" if command_line else "prog.d", "failed")
    macros = Macros(
        VARIABLES,
        ("prog.d", *args),
        defaultargs="defaultargs" in options,
        argref="argref" in options,
    )
    return Parser(
        source,
        KNOWN_TYPES.__contains__,
        macros,
        known_names=KNOWN_NAMES.__contains__,
        command_line=command_line,
    )


def parse_case(case: Case) -> Program:
    """The tree of a case's program."""
    parser = parser_of(case)
    return parse(
        parser.source,
        known_types=KNOWN_TYPES.__contains__,
        known_names=KNOWN_NAMES.__contains__,
        macros=parser.macros,
        command_line=parser.command_line,
        allow_empty=not case.get("error"),
    )


def tree(case: Case) -> str:
    """The program, printed from its tree."""
    return pretty(parse_case(case))


def tokens(case: Case) -> str:
    """The tokens that the parser saw."""
    parse_case(case)
    parser = parser_of(case)
    seen: list[str] = []
    next_token = parser.driver.next_token

    def record() -> Token:
        token = next_token()
        if token.kind != END:
            seen.append(show(token))
        return token

    parser.driver.next_token = record
    parser.run("START_PROGRAM")
    return " ".join(seen) + "\n"


def show(token: Token) -> str:
    """A token as a case writes it."""
    match token.kind:
        case "INTEGER":
            return f"{token.value.value}:{token.value.type}"
        case "TEXT":
            return f"TEXT({token.value.encode('unicode_escape').decode()})"
        case kind if kind != token.value:
            return f"{kind}({token.value})"
        case kind:
            return kind


def failure(case: Case) -> str:
    """The error that a case's program gives, as `dtrace -xerrtags` shows it."""
    try:
        parse_case(case)
    except CompileError as err:
        return err.headline(errtags=True).removeprefix("failed: ")
    return "no error"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.name}")
def test_case(case: Case) -> None:
    case.check_kinds(SECTIONS)
    if section := case.get("error"):
        assert failure(case) + "\n" == section.text
    elif section := case.get("tree"):
        assert tree(case).replace("\n\n", "\n") == section.text.replace("\n\n", "\n")
    else:
        section = case.get("tokens")
        assert section is not None, f"{case.path}:{case.line}: nothing is expected"
        assert tokens(case) == section.text
