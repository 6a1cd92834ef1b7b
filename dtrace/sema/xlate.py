"""Translators: `translator OUT < IN name > { member = expr; ... }` and what uses them.

Translated data is never made as a whole: a member of it is the expression of that member, computed
where it is used.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.decls import TranslatorDecl
from dtrace.lang.nodes import Expr, Member, Xlate
from dtrace.sema.clone import clone
from dtrace.sema.compat import arguments_compatible, pointer_type, value_type
from dtrace.sema.cook_type import fail, type_of
from dtrace.sema.fold import fold
from dtrace.sema.inline import converted
from dtrace.sema.scope import Parameter
from dtrace.types.convert import (
    compatible,
    is_incomplete,
    is_integer,
    is_strcompat,
    pointee,
    type_name,
)
from dtrace.types.layout import find_member
from dtrace.types.model import Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from dtrace.lang.decls import TranslatorMember
    from dtrace.sema.context import Context


class Translator(NamedTuple):
    """A translator.  members: the parsed expressions, which each use cooks anew."""

    output: Type
    input: Type
    param: str
    members: dict[str, Expr]


def cook_translator(cx: Context, decl: TranslatorDecl) -> None:
    """A translator's definition.

    Raises CompileError D_XLATE_REDECL, D_XLATE_SOU, D_XLATE_MEMB, D_XLATE_INCOMPAT.
    """
    output, source = type_of(cx, decl.output), type_of(cx, decl.input)
    if _exact(cx, source, output) is not None:
        message = (
            f"translator from {type_name(source)} to {type_name(output)} has already been declared"
        )
        fail(cx, ErrTag.D_XLATE_REDECL, message, decl, at_end=True)
    if is_incomplete(output):
        message = f"incomplete struct/union/enum {type_name(output)}"
        fail(cx, ErrTag.D_XLATE_SOU, message, decl, at_end=True)
    struct = resolve(output)
    if not isinstance(struct, Struct):
        message = "translator output type must be a struct or union"
        fail(cx, ErrTag.D_XLATE_SOU, message, decl, at_end=True)
    translator = Translator(output, source, decl.param, {})
    cx.translators.append(translator)
    for member in decl.members:
        found = find_member(struct, member.name)
        if found is None:
            message = f"translator member {member.name} is not a member of {type_name(output)}"
            fail(cx, ErrTag.D_XLATE_MEMB, message, decl, at_end=True)
        if not cx.in_library:
            translator.members[member.name] = _rule(cx, translator, member, found[0].type, decl)
        elif member.name not in translator.members:
            # A kernel may not have what a rule reads.  Without any rule that it can serve, the
            # member cannot be used.
            with contextlib.suppress(CompileError):
                translator.members[member.name] = _rule(cx, translator, member, found[0].type, decl)


def _rule(
    cx: Context, translator: Translator, member: TranslatorMember, t: Type, decl: TranslatorDecl
) -> Expr:
    # The expression of a member of type `t`, parsed and checked.
    member.value = fold(cx, member.value)
    parameter = Parameter(translator.param, translator.input, None)
    cx.names.parameters.append({translator.param: parameter})
    try:
        value = cx.cook(clone(member.value))
    finally:
        cx.names.parameters.pop()
    if not isinstance(value, Xlate) and not arguments_compatible(t, value):
        message = (
            f"translator member {member.name} definition uses incompatible types: "
            f'"{type_name(t)}" = "{cx.describe(value)}"'
        )
        fail(cx, ErrTag.D_XLATE_INCOMPAT, message, decl, at_end=True)
    return member.value


def cook_translation(cx: Context, node: Xlate) -> Expr:
    """`xlate <type> (operand)`.  Raises CompileError D_XLATE_NONE."""
    node.operand = operand = cx.cook(node.operand)
    node.type = to = node.type or type_of(cx, node.to)
    if find_translator(cx, value_type(operand), to) is None:
        message = f'cannot translate from "{cx.describe(operand)}" to "{type_name(to)}"'
        raise cx.error(ErrTag.D_XLATE_NONE, message, node)
    return node


def find_translator(cx: Context, source: Type, to: Type) -> Translator | None:
    """The translator from `source` to the struct `to`, or to what `to` points to: of exactly that
    type, then of the same type under another name, then of one that could be passed for it."""
    struct = resolve(to)
    if isinstance(struct, Pointer):
        struct = resolve(struct.target)
    if not isinstance(struct, Struct):
        return None
    exact = _exact(cx, source, struct)
    if exact is not None:
        return exact
    for translator in cx.translators:
        if compatible(translator.output, struct) and _passes(source, translator.input):
            return translator
    return None


def _exact(cx: Context, source: Type, to: Type) -> Translator | None:
    for translator in cx.translators:
        if compatible(translator.input, source) and compatible(translator.output, to):
            return translator
    return None


def _passes(source: Type, wanted: Type) -> bool:
    both_integers = is_integer(source) and is_integer(wanted)
    both_strings = is_strcompat(source) and is_strcompat(wanted)
    return both_integers or both_strings or pointer_type(source, wanted) is not None


def use_member(cx: Context, base: Xlate, node: Member) -> Expr:
    """A member of translated data: its expression, with the operand for the parameter.

    Raises CompileError D_XLATE_NOCONV.
    """
    assert base.type is not None
    source = value_type(base.operand)
    translator = find_translator(cx, source, base.type)
    assert translator is not None
    if node.name not in translator.members:
        message = f"translator does not define conversion for member: {node.name}"
        raise cx.error(ErrTag.D_XLATE_NOCONV, message, node)
    struct = resolve(pointee(base.type) or base.type)
    assert isinstance(struct, Struct)
    found = find_member(struct, node.name)
    assert found is not None
    parameter = Parameter(translator.param, translator.input, base.operand)
    cx.names.parameters.append({translator.param: parameter})
    value = cx.cook(clone(translator.members[node.name]))
    cx.names.parameters.pop()
    return converted(value, found[0].type, node)
