"""Programs that are printed and parsed again are the same programs."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dtrace.lang.decls import (
    ArrayOf,
    Declaration,
    Declarator,
    Enumerator,
    FunctionOf,
    InlineDecl,
    MemberDecl,
    Param,
    PointerTo,
    TranslatorDecl,
    TranslatorMember,
    TypeName,
    TypeSpec,
)
from dtrace.lang.nodes import (
    AggRef,
    Assign,
    Binary,
    Call,
    Cast,
    Clause,
    Comma,
    Expr,
    ExprStmt,
    Ident,
    If,
    Index,
    IntLit,
    Member,
    Node,
    Offsetof,
    Postfix,
    ProbeSpec,
    Program,
    Scoped,
    Sizeof,
    Stmt,
    Stringof,
    StrLit,
    Ternary,
    Unary,
    Xlate,
)
from dtrace.lang.parser import parse
from dtrace.lang.pretty import BINARY, pretty
from dtrace.source import Source

KNOWN_TYPES = frozenset({"uint32_t"})
ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")

names = st.sampled_from(["a", "b", "`c", "x1", "_"])
words = st.sampled_from(["a", "b", "x1", "_"])
texts = st.text(st.characters(max_codepoint=255), max_size=5)
some_quals = st.lists(st.sampled_from(["const", "volatile"]), max_size=2, unique=True)
basic_types = st.sampled_from(["int", "unsigned long", "char", "uint32_t", "string"])
kinds = st.sampled_from(["struct", "union", "enum"])


def several(draw: st.DrawFn, build: Any, depth: int, least: int = 0) -> list[Any]:
    """From `least` to 3 of what `build` draws."""
    return [draw(build(depth)) for _ in range(draw(st.integers(least, 3)))]


# Types


@st.composite
def type_specs(draw: st.DrawFn, depth: int) -> TypeSpec:
    """A basic type, a typedef, or a struct, union or enum by its tag."""
    if draw(st.booleans()):
        return TypeSpec([], draw(kinds), draw(words), quals=draw(some_quals))
    return TypeSpec(draw(basic_types).split(), quals=draw(some_quals))


@st.composite
def definitions(draw: st.DrawFn, depth: int) -> TypeSpec:
    """A struct, union or enum with its contents."""
    kind, tag = draw(kinds), draw(words | st.just(""))
    if kind == "enum":
        return TypeSpec([], kind, tag, enumerators=several(draw, enumerators, depth, 1))
    return TypeSpec([], kind, tag, members=several(draw, members, depth, 1))


@st.composite
def enumerators(draw: st.DrawFn, depth: int) -> Enumerator:
    return Enumerator(draw(words), draw(st.none() | expressions(1)))


@st.composite
def members(draw: st.DrawFn, depth: int) -> MemberDecl:
    bits = draw(st.none() | expressions(0))
    return MemberDecl(draw(type_specs(depth)), draw(declarators(draw(words), depth)), bits)


@st.composite
def declarators(draw: st.DrawFn, name: str, depth: int) -> Declarator:
    """Pointers to arrays of functions ..., in any order."""
    derived = several(draw, derivations, depth) if depth else []
    return Declarator(name, derived)


@st.composite
def derivations(draw: st.DrawFn, depth: int) -> PointerTo | ArrayOf | FunctionOf:
    match draw(st.integers(0, 3)):
        case 0:
            return PointerTo(draw(some_quals))
        case 1:
            return ArrayOf(draw(st.none() | expressions(0)))
        case 2:
            return ArrayOf(keys=several(draw, params, depth - 1, 1))
        case _:
            return FunctionOf(several(draw, params, depth - 1), draw(st.booleans()))


@st.composite
def type_names(draw: st.DrawFn, depth: int) -> TypeName:
    return TypeName(*draw(specs_and_declarator("", depth)))


@st.composite
def params(draw: st.DrawFn, depth: int) -> Param:
    return Param(*draw(specs_and_declarator(draw(words | st.just("")), depth)))


@st.composite
def specs_and_declarator(draw: st.DrawFn, name: str, depth: int) -> tuple[TypeSpec, Declarator]:
    """Specifiers, and a declarator that does not make a typedef look like a subscripted name."""
    declarator = draw(declarators(name, depth))
    spec = draw(type_specs(depth))
    if pretty(declarator).startswith("["):
        spec = TypeSpec(["int"])
    return spec, declarator


# Expressions


@st.composite
def expressions(draw: st.DrawFn, depth: int) -> Expr:
    """An expression of at most `depth` levels of operators."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(LEAVES)
    build = draw(st.sampled_from(COMPOUNDS))
    return build(draw, depth - 1)


LEAVES: st.SearchStrategy[Expr] = (
    st.builds(
        IntLit, st.integers(0, 2**31 - 1), suffix=st.sampled_from(["", "uint", "long", "ullong"])
    )
    | st.builds(StrLit, texts)
    | st.builds(Ident, names)
    | st.builds(Scoped, st.sampled_from(["self", "this"]), words)
)


def operator(draw: st.DrawFn, *choices: str) -> str:
    return draw(st.sampled_from(choices))


def index(draw: st.DrawFn, depth: int) -> Expr:
    base = draw(expressions(depth))
    if isinstance(base, AggRef):
        base = Ident("a")
    return Index(base, several(draw, expressions, depth, 1))


def aggregation(draw: st.DrawFn, depth: int) -> Expr:
    return AggRef(draw(words), several(draw, expressions, depth) or None)


COMPOUNDS: tuple[Any, ...] = (
    lambda draw, d: Unary(
        operator(draw, "-", "+", "~", "!", "++", "--", "*", "&"), draw(expressions(d))
    ),
    lambda draw, d: Postfix(operator(draw, "++", "--"), draw(expressions(d))),
    lambda draw, d: Binary(
        operator(draw, *sorted(BINARY)), draw(expressions(d)), draw(expressions(d))
    ),
    lambda draw, d: Assign(
        operator(draw, *ASSIGNMENTS), draw(expressions(d)), draw(expressions(d))
    ),
    lambda draw, d: Ternary(draw(expressions(d)), draw(expressions(d)), draw(expressions(d))),
    lambda draw, d: Comma(draw(expressions(d)), draw(expressions(d))),
    lambda draw, d: Cast(draw(type_names(d)), draw(expressions(d))),
    lambda draw, d: Sizeof(draw(type_names(d) | expressions(d))),
    lambda draw, d: Offsetof(draw(type_names(d)), draw(words)),
    lambda draw, d: Stringof(draw(expressions(d))),
    lambda draw, d: Xlate(draw(type_names(d)), draw(expressions(d))),
    lambda draw, d: Call(draw(names), several(draw, expressions, d)),
    lambda draw, d: Member(draw(expressions(d)), draw(words), draw(st.booleans())),
    index,
    aggregation,
)


# Statements and definitions


@st.composite
def statements(draw: st.DrawFn, depth: int) -> Stmt:
    if depth == 0 or draw(st.booleans()):
        return ExprStmt(draw(expressions(3)))
    then, other = several(draw, statements, depth - 1), several(draw, statements, depth - 1)
    return If(draw(expressions(1)), then, other)


@st.composite
def probe_specs(draw: st.DrawFn, depth: int) -> ProbeSpec:
    return ProbeSpec(operator(draw, "BEGIN", "syscall::read*:entry", ":::", "12", "if"))


@st.composite
def items(draw: st.DrawFn, depth: int) -> Node:
    match draw(st.integers(0, 5)):
        case 0:
            spec = draw(definitions(depth))
            return Declaration(spec, several(draw, variables, depth))
        case 1:
            spec = draw(type_specs(depth))
            spec.storage = draw(st.sampled_from([[], ["self"], ["this"], ["extern"]]))
            return Declaration(spec, several(draw, variables, depth, 1))
        case 2:
            declarator = draw(declarators(draw(words), depth))
            return InlineDecl(draw(type_specs(depth)), declarator, draw(expressions(2)))
        case 3:
            output, given = draw(type_names(depth)), draw(type_names(depth))
            return TranslatorDecl(output, given, draw(words), several(draw, assignments, depth))
        case _:
            predicate = draw(st.none() | expressions(3))
            body = several(draw, statements, 2)
            return Clause(several(draw, probe_specs, 0, 1), predicate, body)


@st.composite
def variables(draw: st.DrawFn, depth: int) -> Declarator:
    return draw(declarators(draw(words), depth))


@st.composite
def assignments(draw: st.DrawFn, depth: int) -> TranslatorMember:
    return TranslatorMember(draw(words), draw(expressions(2)))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    return Program(several(draw, items, 2, 1))


def reparse(text: str) -> Program:
    source = Source(text, "printed.d", "failed")
    return parse(source, known_types=KNOWN_TYPES.__contains__, allow_empty=True)


def shape(node: object) -> object:
    """A tree as nested tuples: what is compared, without places and spellings of constants."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if isinstance(node, IntLit):
        return node.value
    if not isinstance(node, (Node, Program)):
        return node
    fields: tuple[str, ...] = type(node).__slots__
    shown = [name for name in fields if name not in ("span", "type", "ref", "detail", "optype")]
    return (type(node).__name__, *(shape(getattr(node, name)) for name in shown))


@settings(max_examples=150, deadline=None)
@given(programs())
def test_a_printed_program_is_parsed_to_the_same_tree_and_printed_alike(program: Program) -> None:
    text = pretty(program)
    again = reparse(text)
    assert shape(again) == shape(program)
    assert pretty(again) == text
