"""The tree of a D program: expressions, statements and clauses.  Declarations are in decls.py.

Conventions that keep it easy to change:
- The parser fills in what was written; cooking (dtrace.sema) fills in `type` and the fields
  whose comment says "cooked".  Code generation reads cooked trees only.
- No class derives from a concrete node, so dispatch by `type(node)` is complete.
- Classes are compared by identity and have no methods beyond what is derived from fields.
- A path from the root has at most dtrace.lang.lalr.MAX_DEPTH nodes: walking it may recurse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang.record import describe, fresh, record
from dtrace.source import NO_SPAN, Span

if TYPE_CHECKING:
    from dtrace.lang.decls import TypeName
    from dtrace.sema.idents import IdentDef
    from dtrace.sema.symbols import Aggregation, Inline, Variable
    from dtrace.types.model import Type


class Node:
    """Anything with a place in the source."""

    __slots__ = ()
    span: Span

    def __repr__(self) -> str:
        """What was parsed: `Ident(name='x')`."""
        return describe(self, hidden=("span", "type", "ref"))


class Expr(Node):
    """An expression.  `type` is None until it is cooked; a field of every concrete class."""

    __slots__ = ()
    type: Type | None


@record
class IntLit(Expr):
    """An integer or character constant: `0x2a`, `10UL`, `'ab'`; also what folding leaves."""

    value: int  # in the range of its type: negative only if the type is signed
    text: str = ""  # as written, "" for a folded one
    span: Span = NO_SPAN
    type: Type | None = None
    # Of a constant as written, the type that its suffix and value give it, by the parser: "int",
    # "uint", "long", "ulong", "llong" or "ullong".
    suffix: str = ""


@record
class StrLit(Expr):
    """A string constant, escapes processed.  One character per byte (latin-1)."""

    value: str
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Ident(Expr):
    """A name without scope: variable, builtin, inline, enumerator, or external `mod`sym`."""

    name: str  # with its backquotes, if any
    span: Span = NO_SPAN
    type: Type | None = None
    ref: IdentDef | Variable | Inline | None = None  # cooked


@record
class Scoped(Expr):
    """`self->name` or `this->name`."""

    scope: str  # "self" or "this"
    name: str
    span: Span = NO_SPAN
    type: Type | None = None
    ref: Variable | None = None  # cooked


@record
class AggRef(Expr):
    """`@name` or `@name[keys]`; `@` alone is `@_`."""

    name: str  # without the @
    keys: list[Expr] | None = None  # None: no brackets were written
    span: Span = NO_SPAN
    type: Type | None = None
    ref: Aggregation | None = None  # cooked


@record
class Unary(Expr):
    """A prefix operator: - + ~ ! ++ -- * &."""

    op: str
    operand: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Postfix(Expr):
    """`x++` or `x--`."""

    op: str
    operand: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Binary(Expr):
    """Arithmetic, shift, bitwise, comparison and logical (&& || ^^) operators."""

    op: str
    left: Expr
    right: Expr
    span: Span = NO_SPAN
    type: Type | None = None
    optype: Type | None = None  # cooked: the type both operands are brought to


@record
class Assign(Expr):
    """`=` and the compound assignments; also `@a[k] = count()`, with an AggRef on the left."""

    op: str  # "=", "+=", ...
    left: Expr
    right: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Ternary(Expr):
    """`cond ? yes : no`."""

    cond: Expr
    yes: Expr
    no: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Comma(Expr):
    """`left, right`."""

    left: Expr
    right: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Cast(Expr):
    """`(type)operand`."""

    to: TypeName
    operand: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Sizeof(Expr):
    """`sizeof (type)` or `sizeof expr`; folded by cooking."""

    operand: TypeName | Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Offsetof(Expr):
    """`offsetof(type, member)`; folded by cooking."""

    of: TypeName
    member: str
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Stringof(Expr):
    """`stringof(expr)` or `stringof expr`."""

    operand: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Xlate(Expr):
    """`xlate <type> (expr)`."""

    to: TypeName
    operand: Expr
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Call(Expr):
    """`name(args)`: a subroutine, an action or an aggregating function."""

    name: str
    args: list[Expr]
    span: Span = NO_SPAN
    type: Type | None = None
    ref: IdentDef | None = None  # cooked
    detail: object = None  # cooked: what an action's own check found (a parsed format ...)


@record
class Index(Expr):
    """`base[keys]`: an associative array, args[], an inline array, or a C array or pointer."""

    base: Expr
    keys: list[Expr]
    span: Span = NO_SPAN
    type: Type | None = None


@record
class Member(Expr):
    """`base.name` or `base->name`."""

    base: Expr
    name: str
    arrow: bool
    span: Span = NO_SPAN
    type: Type | None = None


# Statements


@record
class ExprStmt(Node):
    """An expression, a call of an action, or an aggregation statement."""

    expr: Expr
    span: Span = NO_SPAN


@record
class If(Node):
    """`if (cond) { ... } else { ... }`, as in illumos."""

    cond: Expr
    then: list[Stmt]
    other: list[Stmt]
    span: Span = NO_SPAN


Stmt = ExprStmt | If


@record
class ProbeSpec(Node):
    """One probe description as written, macros replaced: `syscall::read:entry`."""

    text: str
    span: Span = NO_SPAN


@record
class Clause(Node):
    """`specs /predicate/ { body }`.  body None: no braces were written, the default action."""

    specs: list[ProbeSpec]
    predicate: Expr | None
    body: list[Stmt] | None
    span: Span = NO_SPAN


@record
class Program:
    """What one Source holds, in order of appearance: clauses, declarations and pragmas."""

    items: list[Node] = fresh(factory=list)
