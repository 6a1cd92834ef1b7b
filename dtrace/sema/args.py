"""args[n]: the typed arguments of a clause's probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.decls import Declarator, TypeName, TypeSpec
from dtrace.lang.nodes import Expr, Index, Xlate
from dtrace.probes.match import is_glob
from dtrace.sema.pointers import user_pointer
from dtrace.types.convert import type_name

if TYPE_CHECKING:
    from dtrace.probes.desc import ArgDef, ProbeDesc
    from dtrace.sema.context import Context
    from dtrace.types.model import Type


def cook_args(cx: Context, node: Index, number: int) -> Expr:
    """`args[number]`, translated if the probe's provider says so.

    Raises CompileError D_ARGS_NONE, D_ARGS_MULTI, D_ARGS_IDX, D_ARGS_TYPE, D_ARGS_XLATOR.
    """
    if cx.desc is None:
        message = "args[ ] may not be referenced outside of a probe clause"
        raise cx.error(ErrTag.D_ARGS_NONE, message, node.base)
    text = describe(cx.desc)
    if not cx.probes or (len(cx.probes) > 1 and _is_unstable(cx.desc)):
        message = (
            f"args[ ] may not be referenced because probe description {text} "
            "matches an unstable set of probes"
        )
        raise cx.error(ErrTag.D_ARGS_MULTI, message, node.base)
    signature = cx.probes[0].args
    if not 0 <= number < len(signature):
        message = f"index {number} is out of range for {text} args[ ]"
        raise cx.error(ErrTag.D_ARGS_IDX, message, node.base)
    arg = signature[number]
    node.type = _type(cx, node, number, arg, arg.type, "native")
    if not arg.xlate:
        return node
    return _translated(cx, node, number, arg)


def _is_unstable(desc: ProbeDesc) -> bool:
    """Whether the probes of a description may have different arguments: of one provider those of
    one name have the same, or so DTrace assumes, and takes the first probe's (dt_probe_info)."""
    return is_glob(desc.provider) or is_glob(desc.name)


def _type(cx: Context, node: Index, number: int, arg: ArgDef, text: str, which: str) -> Type:
    t = cx.types.parse(text)
    if t is None:
        message = f"failed to resolve {which} type for args[{number}]"
        raise cx.error(ErrTag.D_ARGS_TYPE, message, node.base)
    return user_pointer(t) if arg.user else t


def _translated(cx: Context, node: Index, number: int, arg: ArgDef) -> Expr:
    from dtrace.sema.xlate import find_translator

    assert node.type is not None
    to = _type(cx, node, number, arg, arg.xlate, "translated")
    if find_translator(cx, node.type, to) is None:
        message = (
            f"translator for args[{number}] from {type_name(node.type)} to {type_name(to)} "
            "is not defined"
        )
        raise cx.error(ErrTag.D_ARGS_XLATOR, message, node.base)
    return Xlate(TypeName(TypeSpec([arg.xlate]), Declarator("")), node, node.span, to)


def describe(desc: ProbeDesc) -> str:
    """A description with all four fields."""
    return f"{desc.provider}:{desc.module}:{desc.function}:{desc.name}"
