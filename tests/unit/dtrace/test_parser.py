"""The D parser: the cases of tests/cases/lexer and tests/cases/parser, and what they cannot say.

Sections of a case:

    [args]          the program's arguments, one a line; $0 is prog.d
    [option NAME]   command_line (the text is that of -n), defaultargs, argref, pspec
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

KNOWN_TYPES = frozenset({"uint32_t", "uint64_t", "pid_t", "vmlinux`pid_t"})
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
        pspec="pspec" in options,
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
        pspec=parser.lexer.pspec,
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


# The tables


def test_tables_are_those_of_the_grammar() -> None:
    pytest.importorskip("lark", reason="lark compiles the grammar")
    committed = (Path(lalr.__file__).parent / "tables.py").read_text()
    assert generate.generate() == committed, "run python -m dtrace.lang.generate"


def test_every_rule_has_its_function_and_every_function_its_rule() -> None:
    from dtrace.lang.parser import BUILD

    assert {name for name, *_ in tables.RULES if name} == set(BUILD)


@pytest.mark.parametrize("case", [c for c in CASES if not c.get("error")], ids=lambda c: c.name)
def test_driver_builds_the_tree_that_lark_builds(case: Case) -> None:
    lark = pytest.importorskip("lark", reason="lark parses the same tokens")
    names = {literal: name for name, literal in generate.terminal_names(grammar()).items()}
    parser = parser_of(case)
    next_token, reduce = parser.driver.next_token, parser.driver.reduce
    given: list[Any] = [lark.Token("START_PROGRAM", "")]

    # Each value becomes a pair: the value, and the shape of the tree that made it.
    def pair_token() -> Token:
        token = next_token()
        if token.kind != END:
            given.append(lark.Token(names.get(token.kind, token.kind), ""))
        return token._replace(value=(token.value, token.kind))

    def pair_reduce(name: str, symbols: list[Any], start: int, end: int) -> Any:
        value = reduce(name, [value for value, _ in symbols], start, end)
        return value, (name, *(shape for _, shape in symbols))

    parser.driver.next_token, parser.driver.reduce = pair_token, pair_reduce
    _, shape = parser.driver.run(Token("START_PROGRAM", ("", "START_PROGRAM"), 0, 0))

    literals = generate.terminal_names(grammar())
    assert shape == shape_of(grammar().parse(given), literals)


_GRAMMAR: list[Any] = []


def grammar() -> Any:
    """The Lark of our grammar, made once."""
    if not _GRAMMAR:
        _GRAMMAR.append(generate.load_grammar())
    return _GRAMMAR[0]


def shape_of(tree: Any, literals: dict[str, str]) -> Any:
    """A lark tree as nested tuples, without the alternatives that pass a value through.

    These have no alias, and lark names them by the rule's own token.
    """
    if not hasattr(tree, "children"):
        return literals.get(tree.type, tree.type)
    children = [shape_of(child, literals) for child in tree.children]
    return children[0] if hasattr(tree.data, "type") else (tree.data, *children)


# What is too much, and what is no D


def error_of(text: str, **options: Any) -> CompileError:
    """The error that a script gives."""
    with pytest.raises(CompileError) as caught:
        parse(Source(text, "prog.d", "failed"), **options)
    return caught.value


def test_parentheses_do_not_nest_the_tree() -> None:
    program = parse(Source(f"BEGIN {{ x = {'(' * 10_000}1{')' * 10_000}; }}"))
    assert pretty(program) == "BEGIN\n{\n\tx = 1;\n}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"BEGIN {{ {'-(' * 10_000}1{')' * 10_000}; }}",
        f"BEGIN {{ x = 1{' + 1' * 10_000}; }}",
        f"BEGIN {{ {'if (1) {' * 10_000}{'}' * 10_000} }}",
        f"BEGIN {{ {'(int)' * 10_000}1; }}",
        f"int x{'[1]' * 10_000};",
        f"{'struct { ' * 10_000}int x; {'} x;' * 10_000}",
    ],
    ids=["unary", "binary", "if", "cast", "declarator", "struct"],
)
def test_a_tree_that_is_too_deep_is_refused(text: str) -> None:
    err = error_of(text)
    assert (err.tag, err.message) == (ErrTag.D_SYNTAX, "nested more than 500 levels deep")


def test_lists_may_be_long() -> None:
    clauses = "BEGIN { f(1, 2); }\n" * 2_000
    assert len(parse(Source(clauses)).items) == 2_000
    (clause,) = parse(Source(f"BEGIN {{ f({'1, ' * 5_000}1); }}")).items
    assert isinstance(clause, Clause)
    assert clause.body is not None
    call = clause.body[0].expr  # type: ignore[union-attr]
    assert isinstance(call, Call)
    assert len(call.args) == 5_001


@pytest.mark.parametrize("text", ["{}", "BEGIN {{ {} }}", "BEGIN {{ x {} y }}", "int {}"])
def test_any_character_gives_a_tree_or_an_error_in_the_text(text: str) -> None:
    for char in map(chr, range(256)):
        source = Source(text.format(char), "prog.d", "failed")
        err = outcome(source)
        assert err is None or 0 <= err.span.start <= err.span.end <= len(source.text)


def outcome(source: Source) -> CompileError | None:
    """The error that a script gives, which must be printable; None if there is none."""
    try:
        parse(source)
    except CompileError as err:
        err.headline()
        err.excerpt()
        return err
    return None


# Places


def test_spans_are_the_text_of_the_nodes() -> None:
    text = "BEGIN,\nEND /a + b/ { f(x, y) ; @a [ 1 ] = count ( ) }"
    (clause,) = parse(Source(text)).items
    assert isinstance(clause, Clause)
    assert clause.predicate is not None
    assert clause.body is not None
    assert [spec.span.text for spec in clause.specs] == ["BEGIN", "END"]
    assert clause.predicate.span.text == "a + b"
    assert [statement.span.text for statement in clause.body] == [
        "f(x, y) ;",
        "@a [ 1 ] = count ( )",
    ]
    assert clause.span.text == text


def test_control_lines_stand_among_the_items_in_order() -> None:
    text = "#pragma D option a\nint x;\n#pragma D option b\nBEGIN {\n#pragma D option c\n}\n"
    items = parse(Source(text)).items
    assert [type(item) for item in items] == [Pragma, Declaration, Pragma, Clause, Pragma]


# Hooks


def test_what_is_defined_is_told_before_the_text_is_read_on() -> None:
    types: set[str] = set()

    def define(node: object) -> None:
        if isinstance(node, Declaration):
            types.add("later_t")

    text = "int x; later_t y; BEGIN { (later_t)1; }"
    program = parse(Source(text), known_types=types.__contains__, on_definition=define)
    assert len(program.items) == 3


def test_a_control_line_is_objected_to_in_its_turn() -> None:
    def refuse(pragma: Pragma) -> None:
        raise CompileError(ErrTag.D_PRAGMA_OPTSET, "no such option", pragma.span)

    text = "BEGIN { x x }\n#pragma D option foo\n"
    assert error_of(text, on_control=refuse).tag is ErrTag.D_SYNTAX
    text = "#pragma D option foo\nBEGIN { x x }\n"
    assert error_of(text, on_control=refuse).tag is ErrTag.D_PRAGMA_OPTSET


# Other texts than programs


def test_a_type_is_parsed_alone() -> None:
    tree = parse_type(Source("struct foo *[3]"))
    assert pretty(tree) == "struct foo *[3]"


def test_an_expression_is_parsed_alone() -> None:
    assert pretty(parse_expression(Source("a+b * c"))) == "a + b * c"


def test_a_type_with_more_behind_it_is_refused() -> None:
    with pytest.raises(CompileError, match='syntax error near "1"'):
        parse_type(Source("int 1"))


def test_an_option_may_hold_a_bare_description() -> None:
    (clause,) = parse_option(Source("syscall::read:entry")).items
    assert isinstance(clause, Clause)
    assert clause.body is None


def test_self_and_this_alone_are_identifiers() -> None:
    tree = parse_expression(Source("self"))
    assert isinstance(tree, Ident)
    assert tree.name == "self"
