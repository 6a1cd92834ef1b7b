"""Calls of subroutines inside expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call

SUBROUTINES: dict[str, Callable[[ClauseGen, Call], VReg]] = {}


def cg_call(cg: ClauseGen, node: Call) -> VReg:
    """`name(args)` as a value."""
    generate = SUBROUTINES.get(node.name)
    if generate is None:
        raise CompileError(
            ErrTag.D_FUNC_UNDEF, f"{node.name}( ) is not implemented (yet)", node.span
        )
    return generate(cg, node)
