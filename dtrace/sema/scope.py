"""Names: what identifiers mean in a session, and which variables are still without a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.sema.idents import IDENTS, IdentDef
from dtrace.sema.symbols import Aggregation, Inline, Variable
from dtrace.source import NO_SPAN
from dtrace.types.builtin import DYNAMIC, INT

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.nodes import Expr
    from dtrace.source import Span
    from dtrace.types.model import Type


class Constant(NamedTuple):
    """A name for an integer: an enumerator, or an inline whose value is a constant."""

    name: str
    type: Type
    value: int
    kind: str = "enumerator"  # as messages call it
    inline: bool = True


class Parameter(NamedTuple):
    """A parameter of an inline or a translator while its expression is cooked.

    value: the argument, cooked; None while only the definition is checked.
    """

    name: str
    type: Type
    value: Expr | None


Symbol = Variable | Inline | Constant | Parameter | IdentDef

# Names that are there without any D library.
_HARDWIRED: dict[str, Symbol] = {"NULL": Constant("NULL", INT, 0, "scalar")}


class Names:
    """The name spaces of a session.

    Globals, thread-locals and aggregations are shared by all programs of a command line;
    clause-locals belong to one program.
    """

    def __init__(self) -> None:
        self.globals: dict[str, Symbol] = dict(_HARDWIRED)
        self.self: dict[str, Variable] = {}
        self.this: dict[str, Variable] = {}
        self.aggregations: dict[str, Aggregation] = {}
        self.variables: list[Variable] = []  # all, in order of appearance
        self.parameters: list[
            dict[str, Parameter]
        ] = []  # of the inlines at work, each hiding the one before
        self.virgins: set[Variable] = set()  # neither declared, read nor written yet
        self.program_names: set[str] = set()  # globals that the current program made
        # Defines names of the D library: called for one that is unknown, says if it is known now.
        self.library: Callable[[str], bool] | None = None
        self._ids = {"global": 0, "self": 0, "this": 0}

    def begin_program(self) -> None:
        """Another -n, -s ...: its clause-locals are its own."""
        self.this = {}
        self.virgins.clear()
        self.program_names.clear()

    def lookup(self, name: str) -> Symbol | None:
        """What a name without scope means."""
        if self.parameters and name in self.parameters[-1]:
            return self.parameters[-1][name]
        found = self.globals.get(name) or IDENTS.get(name)
        if found is None and self.library is not None and self.library(name):
            return self.globals.get(name)
        return found

    def add_global(self, name: str, symbol: Symbol) -> None:
        """Enter a global name."""
        self.globals[name] = symbol
        self.program_names.add(name)

    def variables_of(self, scope: str) -> dict[str, Variable]:
        """The variables of scope "self" or "this"."""
        return self.self if scope == "self" else self.this

    def create(
        self,
        scope: str,
        name: str,
        span: Span = NO_SPAN,
        *,
        type: Type = DYNAMIC,
        keys: list[Type] | None = None,
        virgin: bool = True,
    ) -> Variable:
        """Make a variable.  A virgin gets its type from its first assignment."""
        var = Variable(scope, name, type, keys, self._ids[scope], span)
        self._ids[scope] += 1
        self.variables.append(var)
        if virgin:
            self.virgins.add(var)
        if scope == "global":
            self.add_global(name, var)
        else:
            self.variables_of(scope)[name] = var
        return var


def kind_name(symbol: Symbol) -> str:
    """How DTrace's messages call what a name stands for."""
    if isinstance(symbol, IdentDef):
        return symbol.kind.value
    if isinstance(symbol, Constant):
        return symbol.kind
    if isinstance(symbol, Variable):
        return "scalar" if symbol.keys is None else "associative array"
    if isinstance(symbol, Inline):
        return "associative array" if symbol.params else "scalar"
    return "scalar"
