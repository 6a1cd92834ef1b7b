"""From reductions to nodes: expressions.

One function for each alternative of grammar.lark that has that name: `symbols` are the values
of the alternative's symbols, for a token its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.nodes import (
    AggRef,
    Assign,
    Binary,
    Call,
    Cast,
    Comma,
    Expr,
    Ident,
    Index,
    IntLit,
    Member,
    Offsetof,
    Postfix,
    Scoped,
    Sizeof,
    Stringof,
    StrLit,
    Ternary,
    Unary,
    Xlate,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.parser import Parser
    from dtrace.source import Span


def build_identifier(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`name`, `self` or `this`.  The latter two are Ident only where no `->name` follows."""
    return Ident(symbols[0], span)


def build_aggregation(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`@name`"""
    return AggRef(symbols[0], None, span)


def build_integer(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`12ul`, `'a'`, or a macro that is an integer"""
    value, suffix, text = symbols[0]
    return IntLit(value, text, span, suffix=suffix)


def build_string(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`"text"`, or a macro that is a string"""
    return StrLit(symbols[0], span)


def build_index(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`base[keys]`; keys of an aggregation are part of its reference."""
    base, _, keys, _ = symbols
    if isinstance(base, AggRef):
        if base.keys is not None:
            message = f"improper attempt to reference @{base.name} as a multi-dimensional array"
            raise CompileError(ErrTag.D_AGG_MDIM, message, span)
        return AggRef(base.name, keys, span)
    return Index(base, keys, span)


def build_call(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`name()` or `name(arguments)`"""
    function = symbols[0]
    if not isinstance(function, Ident):
        message = "function designator is not of function type"
        raise CompileError(ErrTag.D_FUNC_IDENT, message, span)
    return Call(function.name, symbols[2] if len(symbols) == 4 else [], span)


def build_member_of(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`base.name`, `base->name`, `self->name`"""
    base, operator, name = symbols
    if operator == "->" and isinstance(base, Ident) and base.name in ("self", "this"):
        return Scoped(base.name, name, span)
    return Member(base, name, operator == "->", span)


def build_postfix(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`operand++`, `operand--`"""
    note_variable(parser, symbols[0])
    return Postfix(symbols[1], symbols[0], span)


def build_unary(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`-operand`, `++operand`"""
    if symbols[0] in ("++", "--"):
        note_variable(parser, symbols[1])
    return Unary(symbols[0], symbols[1], span)


def build_cast(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`(type)operand`"""
    return Cast(symbols[1], symbols[3], span)


def build_sizeof_expression(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`sizeof operand`"""
    return Sizeof(symbols[1], span)


def build_sizeof_type(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`sizeof (type)`"""
    return Sizeof(symbols[2], span)


def build_stringof(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`stringof operand`"""
    return Stringof(symbols[1], span)


def build_offsetof(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`offsetof(type, member)`"""
    return Offsetof(symbols[2], symbols[4], span)


def build_xlate(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`xlate < type > (operand)`"""
    return Xlate(symbols[2], symbols[5], span)


def build_binary(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`left op right`"""
    return Binary(symbols[1], symbols[0], symbols[2], span)


def build_ternary(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`condition ? yes : no`"""
    return Ternary(symbols[0], symbols[2], symbols[4], span)


def build_assign(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`left = right`, `left += right`"""
    note_variable(parser, symbols[0])
    return Assign(symbols[1], symbols[0], symbols[2], span)


def build_comma(parser: Parser, symbols: list[Any], span: Span) -> Expr:
    """`left, right`"""
    return Comma(symbols[0], symbols[2], span)


def note_variable(parser: Parser, target: Expr) -> None:
    """What is written is a variable: from here on its name is no type's."""
    if isinstance(target, Ident):
        parser.lexer.variables.add(target.name)


BUILD: dict[str, Callable[[Parser, list[Any], Span], Any]] = {
    "aggregation": build_aggregation,
    "assign": build_assign,
    "binary": build_binary,
    "call": build_call,
    "cast": build_cast,
    "comma": build_comma,
    "identifier": build_identifier,
    "index": build_index,
    "integer": build_integer,
    "member_of": build_member_of,
    "offsetof": build_offsetof,
    "postfix": build_postfix,
    "sizeof_expression": build_sizeof_expression,
    "sizeof_type": build_sizeof_type,
    "string": build_string,
    "stringof": build_stringof,
    "ternary": build_ternary,
    "unary": build_unary,
    "xlate": build_xlate,
}
