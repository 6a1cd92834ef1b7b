"""Reading variables: builtin, global, clause-local, thread-local, associative arrays, args[]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import VReg
from dtrace.codegen import builtin, dynvar, member, string
from dtrace.codegen.gen import is_aggregate
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Expr, Ident, Index, Scoped


def cg_ident(cg: ClauseGen, node: Ident) -> VReg:
    """A global variable or a builtin one."""
    if isinstance(node.ref, Variable):
        return cg_variable(cg, node, node.ref)
    return builtin.cg_builtin(cg, node)


def cg_scoped(cg: ClauseGen, node: Scoped) -> VReg:
    """`self->x` or `this->x`."""
    assert node.ref is not None
    return cg_variable(cg, node, node.ref)


def cg_index(cg: ClauseGen, node: Index) -> VReg:
    """An element: of an associative array, of args[], of a C array or behind a pointer."""
    element = dynvar.element_of(node)
    if element is not None:
        return dynvar.cg_read(cg, element)
    if builtin.is_args(node.base):
        return builtin.cg_args(cg, node)
    return member.cg_value(cg, node)


def cg_variable(cg: ClauseGen, node: Expr, var: Variable) -> VReg:
    """The value of a scalar variable; of a struct or array its address."""
    if dynvar.is_dynamic(var):
        return dynvar.cg_read(cg, dynvar.Element(var, []))
    base, offset = member.home(cg, var)
    if is_string(var.type):
        return string.load_variable(cg, base, offset)
    if is_aggregate(var.type):
        return cg.code.address(base, offset)
    return cg.load(var.type, base, offset)
