"""Class of a node -> the function that generates its code.  No logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtrace.codegen import arith, assign, call, compare, expr, logic, member, string, var
from dtrace.lang import nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen

EXPRS: dict[type, Callable[[ClauseGen, Any], VReg]] = {
    nodes.IntLit: expr.cg_int,
    nodes.StrLit: string.cg_string,
    nodes.Ident: var.cg_ident,
    nodes.Scoped: var.cg_scoped,
    nodes.Index: var.cg_index,
    nodes.Member: member.cg_value,
    nodes.Unary: expr.cg_unary,
    nodes.Postfix: assign.cg_postfix,
    nodes.Binary: expr.cg_binary,
    nodes.Assign: assign.cg_assign,
    nodes.Ternary: logic.cg_ternary,
    nodes.Comma: expr.cg_comma,
    nodes.Cast: expr.cg_cast,
    nodes.Stringof: string.cg_stringof,
    nodes.Call: call.cg_call,
}

BINARY: dict[str, Callable[[ClauseGen, Any], VReg]] = {
    **dict.fromkeys(arith.OPS, arith.cg_arith),
    **dict.fromkeys(compare.OPS, compare.cg_compare),
    "&&": logic.cg_logical,
    "||": logic.cg_logical,
    "^^": logic.cg_logical_xor,
}

UNARY: dict[str, Callable[[ClauseGen, Any], VReg]] = {
    "-": arith.cg_negate,
    "+": arith.cg_plus,
    "~": arith.cg_complement,
    "!": logic.cg_logical_not,
    "++": assign.cg_prefix,
    "--": assign.cg_prefix,
    "*": member.cg_value,
    "&": member.cg_address_of,
}
