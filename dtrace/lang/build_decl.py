"""From reductions to nodes: declarations, inlines, translators and providers.

One function for each alternative of grammar.lark that has that name; see build_expr.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
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
    ProviderDecl,
    ProviderProbe,
    TranslatorDecl,
    TranslatorMember,
    TypeName,
    TypeSpec,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.nodes import Expr, Node
    from dtrace.lang.parser import Parser
    from dtrace.source import Span


# Specifiers.  A part is a struct or enum, or (field of TypeSpec, word).


def build_word(parser: Parser, symbols: list[Any], span: Span) -> tuple[str, str]:
    """`int`, `unsigned`"""
    return "words", symbols[0]


def build_qualifier(parser: Parser, symbols: list[Any], span: Span) -> tuple[str, str]:
    """`const`"""
    return "quals", symbols[0]


def build_storage(parser: Parser, symbols: list[Any], span: Span) -> tuple[str, str]:
    """`self`, `typedef`"""
    return "storage", symbols[0]


def build_specifiers(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """The first of some specifiers"""
    part = symbols[0]
    if isinstance(part, TypeSpec):
        return part
    return add_part(parser, TypeSpec([], span=span), part, span)


def build_specifiers_add(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """One more specifier"""
    return add_part(parser, symbols[0], symbols[1], span)


def build_specifiers_name(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """A typedef's name, with no specifiers before it"""
    return TypeSpec([symbols[0]], span=span)


def build_specifiers_add_name(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """A typedef's name after other specifiers"""
    return add_part(parser, symbols[0], ("words", symbols[1]), span)


def build_specifiers_storage(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """A storage class before the specifiers of a parameter"""
    return add_part(parser, symbols[1], symbols[0], span)


# Words that do not go with a struct, union or enum, and how libdtrace says so.
NOT_WITH_STRUCTS = {
    "signed": (
        ErrTag.D_DECL_SIGNINT,
        "invalid type declaration: signed and unsigned may only be used with integer type",
    ),
    "long": (
        ErrTag.D_DECL_LONGINT,
        "invalid type declaration: "
        "long and long long may only be used with integer or floating-point type",
    ),
}
NOT_WITH_STRUCTS["unsigned"] = NOT_WITH_STRUCTS["signed"]


def add_part(parser: Parser, spec: TypeSpec, part: Any, span: Span) -> TypeSpec:
    """Add a specifier to others.

    Raises CompileError D_DECL_COMBO for two kinds of type, D_DECL_SIGNINT, D_DECL_LONGINT.
    """
    spec.span = span
    if isinstance(part, TypeSpec):
        if spec.kind or spec.words:
            brace = part.members is not None or part.enumerators is not None
            # Without braces the token after the tag has been read.
            at = span.source.text.index("{", part.span.start) if brace else parser.lexer.pos - 1
            raise combination_error([*spec.words, ""][0], span, at)
        spec.kind, spec.tag = part.kind, part.tag
        spec.members, spec.enumerators = part.members, part.enumerators
        return spec
    field, word = part
    if field == "words" and spec.kind:
        raise combination_error(word, span, span.end - 1)
    getattr(spec, field).append(word)
    return spec


def combination_error(word: str, span: Span, at: int) -> CompileError:
    """The error for a struct, union or enum with another type, of which `word` is a part."""
    tag, message = NOT_WITH_STRUCTS.get(word, (ErrTag.D_DECL_COMBO, "invalid type combination"))
    return CompileError(tag, message, span, line=span.source.line_of(at))


# Structs, unions and enums


def build_struct_named(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """`struct tag`"""
    return TypeSpec([], symbols[0], symbols[1], span=span)


def build_struct_anonymous(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """`struct { members }`"""
    return TypeSpec([], symbols[0], members=symbols[2], span=span)


def build_struct_head(parser: Parser, symbols: list[Any], span: Span) -> tuple[str, str]:
    """`struct tag {`"""
    kind, tag, _ = symbols
    if parser.known_tags(kind, tag):
        line = span.source.line_of(span.end - 1)
        raise CompileError(ErrTag.D_DECL_TYPERED, f"type redeclared: {kind} {tag}", span, line=line)
    return kind, tag


def build_struct_defined(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """`struct tag { members }`"""
    (kind, tag), members, _ = symbols
    return TypeSpec([], kind, tag, members=members, span=span)


def build_member_anonymous(parser: Parser, symbols: list[Any], span: Span) -> list[MemberDecl]:
    """`struct { ... };` within a struct: its members are the outer's, as in C11."""
    spec = symbols[0]
    if spec.members is None or spec.tag:
        message = 'syntax error near ";"'
        raise CompileError(ErrTag.D_SYNTAX, message, span, line=span.source.line_of(span.end - 1))
    return [MemberDecl(spec, Declarator("", span=span), span=span)]


def build_member(parser: Parser, symbols: list[Any], span: Span) -> list[MemberDecl]:
    """`int a, *b, c:3;`"""
    spec, declarators, _ = symbols
    return [MemberDecl(spec, declarator, bits, declarator.span) for declarator, bits in declarators]


def build_member_plain(
    parser: Parser, symbols: list[Any], span: Span
) -> tuple[Declarator, Expr | None]:
    """`a` in a struct"""
    return symbols[0], None


def build_member_bits(
    parser: Parser, symbols: list[Any], span: Span
) -> tuple[Declarator, Expr | None]:
    """`a : 3`, and `: 3` without a name"""
    declarator = symbols[0] if len(symbols) == 3 else Declarator("", span=span)
    return declarator, symbols[-1]


def build_enum_named(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """`enum tag`"""
    return TypeSpec([], "enum", symbols[1], span=span)


def build_enum_anonymous(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """`enum { A, B }`"""
    return TypeSpec([], "enum", enumerators=symbols[2], span=span)


def build_enum_defined(parser: Parser, symbols: list[Any], span: Span) -> TypeSpec:
    """`enum tag { A, B }`"""
    return TypeSpec([], "enum", symbols[1], enumerators=symbols[3], span=span)


def build_enumerator(parser: Parser, symbols: list[Any], span: Span) -> Enumerator:
    """`A`, `A = 1`"""
    parser.lexer.declared.add(symbols[0])
    return Enumerator(symbols[0], symbols[2] if len(symbols) == 3 else None, span)


# Declarators


def build_declarator_name(parser: Parser, symbols: list[Any], span: Span) -> Declarator:
    """`name`"""
    parser.lexer.declared.add(symbols[0])
    return Declarator(symbols[0], [], span)


def build_declarator_suffix(parser: Parser, symbols: list[Any], span: Span) -> Declarator:
    """`declarator[3]`, `declarator(int)`"""
    declarator, suffix = symbols
    declarator.derived.append(suffix)
    declarator.span = span
    return declarator  # type: ignore[no-any-return]


def build_declarator_pointer(parser: Parser, symbols: list[Any], span: Span) -> Declarator:
    """`* declarator`"""
    pointers, declarator = symbols
    declarator.derived.extend(pointers)
    declarator.span = span
    return declarator  # type: ignore[no-any-return]


def build_abstract_pointer(parser: Parser, symbols: list[Any], span: Span) -> Declarator:
    """`*` without a name"""
    return Declarator("", symbols[0], span)


def build_abstract_suffix(parser: Parser, symbols: list[Any], span: Span) -> Declarator:
    """`[3]`, `(int)` without a name"""
    return Declarator("", [symbols[0]], span)


def build_pointer(parser: Parser, symbols: list[Any], span: Span) -> list[PointerTo]:
    """`*`, `* const`"""
    return [PointerTo([word for _, word in symbols[1]] if len(symbols) == 2 else [], span)]


def build_pointer_more(parser: Parser, symbols: list[Any], span: Span) -> list[PointerTo]:
    """`* const *`: the last is nearest to the name"""
    quals = [word for _, word in symbols[1]] if len(symbols) == 3 else []
    return [*symbols[-1], PointerTo(quals, span)]


def build_array_open(parser: Parser, symbols: list[Any], span: Span) -> ArrayOf:
    """`[]`"""
    return ArrayOf(span=span)


def build_array_sized(parser: Parser, symbols: list[Any], span: Span) -> ArrayOf:
    """`[3]`"""
    return ArrayOf(symbols[1], span=span)


def build_array_keyed(parser: Parser, symbols: list[Any], span: Span) -> ArrayOf:
    """`[int, string]`"""
    return ArrayOf(keys=symbols[1], span=span)


def build_array_varargs(parser: Parser, symbols: list[Any], span: Span) -> ArrayOf:
    """`[int, ...]`"""
    message = "array prototype may not use a variable-length argument list"
    raise CompileError(ErrTag.D_DECL_PROTO_VARARGS, message, span)


def build_function(parser: Parser, symbols: list[Any], span: Span) -> FunctionOf:
    """`()`, `(int, string)`"""
    return FunctionOf(symbols[1] if len(symbols) == 3 else [], span=span)


def build_function_varargs(parser: Parser, symbols: list[Any], span: Span) -> FunctionOf:
    """`(...)`, `(int, ...)`"""
    return FunctionOf(symbols[1] if len(symbols) == 5 else [], varargs=True, span=span)


def build_parameter(parser: Parser, symbols: list[Any], span: Span) -> Param:
    """`int`, `int x`, `int *`"""
    return Param(symbols[0], declarator_after(symbols, span), span)


def build_type_name(parser: Parser, symbols: list[Any], span: Span) -> TypeName:
    """`int`, `struct s *`"""
    return TypeName(symbols[0], declarator_after(symbols, span), span)


def declarator_after(symbols: list[Any], span: Span) -> Declarator:
    """The declarator after specifiers, or an empty one."""
    return symbols[1] if len(symbols) == 2 else Declarator("", [], span)


# Definitions


def build_declaration(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`int x, y;`; a typedef's names are types from here on."""
    spec, declarators, _ = symbols
    if "typedef" in spec.storage:
        parser.lexer.typedefs.update(declarator.name for declarator in declarators)
    return Declaration(spec, declarators, span)


def build_declaration_bare(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`struct s { int x; };`"""
    return Declaration(symbols[0], [], span)


def build_inline(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`inline int name = value;`"""
    return InlineDecl(symbols[1], symbols[2], symbols[4], span)


def build_translator(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`translator output < input name > { members };`"""
    param = symbols[3]
    declarator = param.declarator
    name, declarator.name = declarator.name, ""
    input_type = TypeName(param.base, declarator, param.span)
    return TranslatorDecl(symbols[1], input_type, name, symbols[6], span)


def build_translator_member(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`name = value`"""
    return TranslatorMember(symbols[0], symbols[2], span)


def build_provider(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`provider name { probes };`"""
    return ProviderDecl(symbols[1], symbols[3], span)


def build_probe(parser: Parser, symbols: list[Any], span: Span) -> Node:
    """`probe name(int);`, `probe name(int x) : (int x);`"""
    translated = symbols[4] if len(symbols) == 6 else None
    return ProviderProbe(symbols[1], symbols[2], translated, span)


BUILD: dict[str, Callable[[Parser, list[Any], Span], Any]] = {
    "abstract_pointer": build_abstract_pointer,
    "abstract_suffix": build_abstract_suffix,
    "array_keyed": build_array_keyed,
    "array_open": build_array_open,
    "array_sized": build_array_sized,
    "array_varargs": build_array_varargs,
    "declaration": build_declaration,
    "declaration_bare": build_declaration_bare,
    "declarator_name": build_declarator_name,
    "declarator_pointer": build_declarator_pointer,
    "declarator_suffix": build_declarator_suffix,
    "enum_anonymous": build_enum_anonymous,
    "enum_defined": build_enum_defined,
    "enum_named": build_enum_named,
    "enumerator": build_enumerator,
    "function": build_function,
    "function_varargs": build_function_varargs,
    "inline": build_inline,
    "member": build_member,
    "member_anonymous": build_member_anonymous,
    "member_bits": build_member_bits,
    "member_plain": build_member_plain,
    "parameter": build_parameter,
    "pointer": build_pointer,
    "pointer_more": build_pointer_more,
    "probe": build_probe,
    "provider": build_provider,
    "qualifier": build_qualifier,
    "specifiers": build_specifiers,
    "specifiers_add": build_specifiers_add,
    "specifiers_add_name": build_specifiers_add_name,
    "specifiers_name": build_specifiers_name,
    "specifiers_storage": build_specifiers_storage,
    "storage": build_storage,
    "struct_anonymous": build_struct_anonymous,
    "struct_defined": build_struct_defined,
    "struct_head": build_struct_head,
    "struct_named": build_struct_named,
    "translator": build_translator,
    "translator_member": build_translator_member,
    "type_name": build_type_name,
    "word": build_word,
}
