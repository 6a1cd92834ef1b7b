"""What names in a program stand for: variables, aggregations, inlines, cooked clauses.

Code generation and the linker read these; cooking makes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang.record import fresh, record
from dtrace.source import NO_SPAN, Span

if TYPE_CHECKING:
    from dtrace.lang.nodes import Clause, Expr
    from dtrace.probes.desc import Probe
    from dtrace.sema.idents import AggFunc
    from dtrace.types.model import Type


@record
class Variable:
    """A D variable.

    A scalar has keys None.  `type` is the declared one, or that of the first assignment.
    """

    scope: str  # "global", "self", "this"
    name: str
    type: Type
    keys: list[Type] | None = None  # the tuple's types of an associative array
    id: int = 0  # dense, from 0, within its scope
    span: Span = NO_SPAN  # where it was first seen
    alloca: bool = False  # it is assigned pointers into alloca()'s memory
    ordinary: bool = False  # it is assigned anything else, 0 not counted


@record
class Inline:
    """`inline T name[params] = value;`: `value` is a parsed tree that each use cooks anew."""

    name: str
    type: Type
    value: Expr
    params: list[tuple[str, Type]] = fresh(factory=list)
    span: Span = NO_SPAN


@record
class Aggregation:
    """An aggregation: one function, one key signature."""

    name: str  # without @
    id: int  # from 1, in order of first appearance
    func: AggFunc
    params: tuple[
        int, ...
    ] = ()  # lquantize: base, limit, step; llquantize: factor, low, high, steps
    keys: list[Type] = fresh(factory=list)
    # Bytes each key component needs, over all uses in the program: a string literal needs its
    # length + 1, execname 16, other strings strsize.  A multiple of nothing; codegen aligns.
    key_sizes: list[int] = fresh(factory=list)
    signed: bool = True  # of the aggregated value
    span: Span = NO_SPAN


@record
class CookedClause:
    """One clause bound to the probes of one of its descriptions.

    id: from 0 in program order over the command line, ERROR's built-in clause excluded;
        its function is dt_clause_<id>, as libdtrace's messages call it.
    """

    id: int
    clause: Clause  # cooked in place
    probes: list[Probe]
    spec: str  # the description as written
    destructive: bool = False


@record
class Unit:
    """A whole cooked program: every -n, -s ... of the command line together."""

    clauses: list[CookedClause] = fresh(factory=list)
    variables: list[Variable] = fresh(factory=list)
    aggregations: list[Aggregation] = fresh(factory=list)
