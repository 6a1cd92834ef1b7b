"""The parser: a Source to a tree.

The grammar is grammar.lark.  lark is a development dependency only: generate.py lets it find the
LALR(1) states and writes them to tables.py, which lalr.py interprets.  So a start costs no
grammar compilation and needs no package, the grammar stays readable as one text, and a
conflict in it is found when the tables are made.

The lexer and the parser depend on each other in both directions, as in C: what has been parsed
(typedefs, the end of a definition) decides how the next characters are read.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang import build_clause, build_decl, build_expr
from dtrace.lang.decls import Declaration, Pragma
from dtrace.lang.lalr import MAX_DEPTH, Driver
from dtrace.lang.lexer import Lexer
from dtrace.lang.macros import Macros
from dtrace.lang.nodes import Program
from dtrace.lang.pragma import control_lines
from dtrace.lang.tokens import Token
from dtrace.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.decls import TypeName
    from dtrace.lang.nodes import Expr, Node
    from dtrace.source import Source


def no_names(name: str) -> bool:
    """No name is known."""
    return False


def no_tags(kind: str, tag: str) -> bool:
    """No tag is taken."""
    return False


BUILD = build_clause.BUILD | build_decl.BUILD | build_expr.BUILD


class Parser:
    """One source being parsed: what the build functions share."""

    def __init__(
        self,
        source: Source,
        known_types: Callable[[str], bool],
        macros: Macros | None,
        *,
        known_names: Callable[[str], bool] = no_names,
        known_tags: Callable[[str, str], bool] = no_tags,
        command_line: bool = False,
        pspec: bool = False,
        on_control: Callable[[Pragma], None] | None = None,
        on_definition: Callable[[Node], None] | None = None,
    ) -> None:
        self.source = source
        self.macros = macros or Macros()
        self.macros.referenced.clear()
        self.known_tags = known_tags
        self.command_line = command_line
        self.on_control = on_control
        self.on_definition = on_definition
        self.pragmas: list[Pragma] = []
        self.lexer = Lexer(
            source,
            known_types,
            known_names,
            self.macros,
            command_line=command_line,
            pspec=pspec or command_line,
            on_control=self.take_control,
        )
        self.driver = Driver(
            self.lexer.next_token, self.reduce, self.lexer.unexpected, self.too_deep
        )
        self.lexer.can_shift = self.driver.can_shift

    def run(self, start: str) -> Any:
        """Parse the whole text as what `start`, a START_* terminal, says."""
        if start != "START_PROGRAM":
            self.lexer.enter_body()
        return self.driver.run(Token(start, "", 0, 0))

    def reduce(self, name: str, symbols: list[Any], start: int, end: int) -> Any:
        """The value of an alternative of the grammar."""
        return BUILD[name](self, symbols, Span(self.source, start, end))

    def take_control(self, pragma: Pragma) -> None:
        """Keep a control line, and let the caller object to it."""
        self.pragmas.append(pragma)
        if self.on_control is not None:
            self.on_control(pragma)

    def too_deep(self, start: int, end: int) -> CompileError:
        """The error for a tree that later stages could not walk."""
        message = f"nested more than {MAX_DEPTH} levels deep"
        return CompileError(ErrTag.D_SYNTAX, message, Span(self.source, start, end))


def parse(
    source: Source,
    *,
    known_types: Callable[[str], bool] = no_names,
    known_names: Callable[[str], bool] = no_names,
    known_tags: Callable[[str, str], bool] = no_tags,
    macros: Macros | None = None,
    command_line: bool = False,
    pspec: bool = False,
    on_control: Callable[[Pragma], None] | None = None,
    on_definition: Callable[[Node], None] | None = None,
    allow_empty: bool = False,
) -> Program:
    """The tree of a D program.

    known_types: whether a name is a type that the source does not declare itself (`uint64_t`,
        a kernel's `pid_t`, vmlinux`x_t).
    known_names: whether a name is a variable, function or action that the source does not
        declare; such a name is no type.
    known_tags: whether a struct or union ("struct", tag) has been defined in D before.
    macros: the values of macro variables; None: there are none.
    command_line: the text is that of -n, -P ...: see parse_option().
    pspec: the option: a word in the outer scope is always a probe description, never a type.
    on_control, on_definition: called with each control line, and with each clause or
        declaration, when the parser comes to its end, before it reads on.  What they raise is
        so reported in the order of the text, and what they declare is known from there on.
    allow_empty: a text without clauses, inlines, translators and providers is no error.

    Returns a Program whose items stand in the order of the text; a control line inside a clause
    follows that clause.

    Raises CompileError with libdtrace's tag, message and line.
    """
    control_lines(source)
    parser = Parser(
        source,
        known_types,
        macros,
        known_names=known_names,
        known_tags=known_tags,
        command_line=command_line,
        pspec=pspec,
        on_control=on_control,
        on_definition=on_definition,
    )
    program = Program(parser.run("START_PROGRAM"))
    end = Span(source, len(source.text), len(source.text))
    if not allow_empty and all(isinstance(item, Declaration) for item in program.items):
        raise CompileError(ErrTag.D_EMPTY, "empty D program translation unit", end)
    parser.macros.check_used(end)
    if parser.pragmas:
        program.items.extend(parser.pragmas)
        program.items.sort(key=attrgetter("span.start"))
    return program


def parse_option(
    source: Source,
    *,
    known_types: Callable[[str], bool] = no_names,
    known_names: Callable[[str], bool] = no_names,
    known_tags: Callable[[str, str], bool] = no_tags,
    macros: Macros | None = None,
    on_control: Callable[[Pragma], None] | None = None,
    on_definition: Callable[[Node], None] | None = None,
) -> Program:
    """The tree of the text of -n, -P, -m, -f or -i.

    It is a program in which a word in the outer scope is always a probe description, never the
    name of a type, and in which a description may stand alone: its Clause has the body None.
    The arguments are those of parse().
    """
    return parse(
        source,
        known_types=known_types,
        known_names=known_names,
        known_tags=known_tags,
        macros=macros,
        command_line=True,
        on_control=on_control,
        on_definition=on_definition,
    )


def parse_type(source: Source, *, known_types: Callable[[str], bool] = no_names) -> TypeName:
    """The tree of a type name: `struct task_struct *`.  Raises CompileError."""
    tree: TypeName = Parser(source, known_types, None).run("START_TYPE")
    return tree


def parse_expression(source: Source, *, known_types: Callable[[str], bool] = no_names) -> Expr:
    """The tree of an expression.  Raises CompileError."""
    tree: Expr = Parser(source, known_types, None).run("START_EXPR")
    return tree
