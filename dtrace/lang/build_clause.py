"""From reductions to nodes: clauses, statements and lists.

One function for each alternative of grammar.lark that has that name; see build_expr.py.  Two of
them tell the lexer where it is: `specs` and `definition`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Clause, ExprStmt, If, ProbeSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.nodes import Node, Stmt
    from dtrace.lang.parser import Parser
    from dtrace.source import Span


def build_definition(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """A clause or declaration, complete"""
    parser.lexer.enter_outer()
    if parser.on_definition is not None:
        parser.on_definition(symbols[0])
    return symbols[0]  # type: ignore[no-any-return]


def build_spec(parser: Parser, symbols: list[Any], span: Span) -> ProbeSpec:
    """`syscall::read:entry`"""
    return ProbeSpec(parser.macros.paste(symbols[0], span), span)


def build_specs(parser: Parser, symbols: list[Any], span: Span) -> list[ProbeSpec]:
    """`BEGIN, END`, complete"""
    parser.lexer.enter_body()
    return symbols[0]  # type: ignore[no-any-return]


def build_clause(parser: Parser, symbols: list[Any], span: Span) -> Clause:
    """`specs { body }`"""
    return Clause(symbols[0], None, symbols[1], span)


def build_clause_predicate(parser: Parser, symbols: list[Any], span: Span) -> Clause:
    """`specs / predicate / { body }`"""
    return Clause(symbols[0], symbols[2], symbols[4], span)


def build_clause_bare(parser: Parser, symbols: list[Any], span: Span) -> Clause:
    """`specs`: the default action, on the command line only"""
    if not parser.command_line:
        message = "expected predicate and/or actions following probe description"
        raise CompileError(ErrTag.D_SYNTAX, message, span)
    return Clause(symbols[0], None, None, span)


def build_clause_no_action(parser: Parser, symbols: list[Any], span: Span) -> Clause:
    """`specs / predicate /` without a body"""
    message = "expected actions { } following probe description and predicate"
    raise CompileError(ErrTag.D_SYNTAX, message, span)


def build_body(parser: Parser, symbols: list[Any], span: Span) -> list[Stmt]:
    """`{ statements }`"""
    return symbols[1]  # type: ignore[no-any-return]


def build_body_unended(parser: Parser, symbols: list[Any], span: Span) -> list[Stmt]:
    """`{ statements expression }`: the last `;` left out"""
    _, statements, expression, _ = symbols
    return [*statements, ExprStmt(expression, expression.span)]


def build_statement(parser: Parser, symbols: list[Any], span: Span) -> list[Stmt]:
    """`expression;`"""
    return [ExprStmt(symbols[0], span)]


def build_statement_empty(parser: Parser, symbols: list[Any], span: Span) -> list[Stmt]:
    """`;`"""
    return []


def build_if(parser: Parser, symbols: list[Any], span: Span) -> list[Stmt]:
    """`if (condition) branch`"""
    return [If(symbols[2], symbols[4], [], span)]


def build_if_else(parser: Parser, symbols: list[Any], span: Span) -> list[Stmt]:
    """`if (condition) branch else branch`"""
    return [If(symbols[2], symbols[4], symbols[6], span)]


# Lists and other things that make no node


def build_list_empty(parser: Parser, symbols: list[Any], span: Span) -> list[Any]:
    """Nothing yet"""
    return []


def build_list_one(parser: Parser, symbols: list[Any], span: Span) -> list[Any]:
    """`a`"""
    return [symbols[0]]


def build_list_add(parser: Parser, symbols: list[Any], span: Span) -> list[Any]:
    """`list a`, `list a ;`"""
    items: list[Any] = symbols[0]
    items.append(symbols[1])
    return items


def build_list_separated(parser: Parser, symbols: list[Any], span: Span) -> list[Any]:
    """`list , a`"""
    items: list[Any] = symbols[0]
    items.append(symbols[2])
    return items


def build_list_join(parser: Parser, symbols: list[Any], span: Span) -> list[Any]:
    """`list list`"""
    items: list[Any] = symbols[0]
    items.extend(symbols[1])
    return items


def build_take_second(parser: Parser, symbols: list[Any], span: Span) -> Any:
    """`( a )`"""
    return symbols[1]


BUILD: dict[str, Callable[[Parser, list[Any], Span], Any]] = {
    "body": build_body,
    "body_unended": build_body_unended,
    "clause": build_clause,
    "clause_bare": build_clause_bare,
    "clause_no_action": build_clause_no_action,
    "clause_predicate": build_clause_predicate,
    "definition": build_definition,
    "if": build_if,
    "if_else": build_if_else,
    "list_add": build_list_add,
    "list_empty": build_list_empty,
    "list_join": build_list_join,
    "list_one": build_list_one,
    "list_separated": build_list_separated,
    "spec": build_spec,
    "specs": build_specs,
    "statement": build_statement,
    "statement_empty": build_statement_empty,
    "take_second": build_take_second,
}
