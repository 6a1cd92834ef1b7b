"""cook(): parsed programs to one Unit, every tree typed and every name bound.

The order is libdtrace's (dt_cc.c, dt_compile), because it decides which of several errors is
reported: programs one after the other; in each first its declarations, and everything that is done
while parsing, in order of appearance; then its clauses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang.nodes import Clause
from dtrace.sema.clause import cook_clause, fold_clause
from dtrace.sema.clone import clone
from dtrace.sema.context import Context, CookOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from dtrace.lang.nodes import Node, Program
    from dtrace.probes.desc import Probe, ProbeDesc
    from dtrace.sema.symbols import Unit
    from dtrace.source import Source
    from dtrace.target import Target

__all__ = ["CookOptions", "Cooker", "cook"]


def cook(
    programs: Sequence[Program],
    target: Target,
    matcher: Callable[[ProbeDesc], list[Probe]],
    options: CookOptions | None = None,
) -> Unit:
    """Cook all programs of a command line, in place.

    matcher: finds the probes of a description; called once per clause and description.

    The Unit has one CookedClause for each clause and description, in program order.

    Raises CompileError for the first mistake.
    """
    cooker = Cooker(target, matcher, options)
    for program in programs:
        cooker.begin()
        for item in program.items:
            cooker.define(item)
        cooker.finish(program)
    return cooker.unit


class Cooker:
    """Cooking in the steps in which libdtrace does it, for a caller that parses in between.

    For each program: begin(); define() for each item in order of appearance, which may be done
    while the parser goes on (`on_definition` and `on_control` of dtrace.lang.parser.parse); then
    finish().
    """

    def __init__(
        self,
        target: Target,
        matcher: Callable[[ProbeDesc], list[Probe]],
        options: CookOptions | None = None,
    ) -> None:
        self._cx = Context(target, matcher, options or CookOptions())

    @property
    def unit(self) -> Unit:
        """What has been cooked so far."""
        return self._cx.unit

    def known_type(self, name: str) -> bool:
        """Whether `name` is a type that programs may use without declaring it."""
        return self._cx.types.typedef(name) is not None

    def known_name(self, name: str) -> bool:
        """Whether `name` is a variable, a function or an inline."""
        return self._cx.names.lookup(name) is not None

    def known_tag(self, kind: str, tag: str) -> bool:
        """Whether a program has defined the members of the struct or union `kind` `tag`."""
        known = self._cx.types.tags.get(f"{kind} {tag}")
        return known is not None and known.size > 0

    def load_folder(self, folder: str, program: Source) -> None:
        """Compile the D libraries of a folder, for `program`.  Raises CompileError."""
        from dtrace.sema.libdir import load_folder

        load_folder(self._cx, folder, program)

    def begin(self, fields: int = 4) -> None:
        """Another program begins, whose probe descriptions have that many fields."""
        self._cx.fields = fields
        self._cx.names.begin_program()

    def define(self, item: Node) -> None:
        """One item, as far as libdtrace deals with it while it parses.  Raises CompileError."""
        define(self._cx, item)

    def finish(self, program: Program) -> None:
        """Cook the clauses of a program whose items have been defined.  Raises CompileError."""
        cx = self._cx
        if cx.pending_pragmas:
            from dtrace.sema.pragma import check_used

            check_used(cx)
        for clause in [item for item in program.items if isinstance(item, Clause)]:
            copies = [clause, *(clone(clause) for _ in clause.specs[1:])]
            for copy, spec in zip(copies, clause.specs, strict=True):
                cx.unit.clauses.append(cook_clause(cx, copy, spec, len(cx.unit.clauses)))
        cx.unit.variables = cx.names.variables


def define(cx: Context, item: Node) -> None:
    """One item of a program or library.  Raises CompileError."""
    _DEFINE[type(item).__name__](cx, item)


# Declarations are rare in programs for the command line, so their modules are imported when needed.


def _declaration(cx: Context, item: Any) -> None:
    from dtrace.sema.cook_decl import cook_declaration

    cook_declaration(cx, item)


def _inline(cx: Context, item: Any) -> None:
    from dtrace.sema.inline import cook_inline

    cook_inline(cx, item)


def _translator(cx: Context, item: Any) -> None:
    from dtrace.sema.xlate import cook_translator

    cook_translator(cx, item)


def _provider(cx: Context, item: Any) -> None:
    from dtrace.sema.provider import cook_provider

    cook_provider(cx, item)


def _pragma(cx: Context, item: Any) -> None:
    from dtrace.sema.pragma import cook_pragma

    cook_pragma(cx, item)


# By name, since the classes of declarations are not imported.
_DEFINE: dict[str, Callable[[Context, Any], None]] = {
    "Clause": fold_clause,
    "Declaration": _declaration,
    "InlineDecl": _inline,
    "TranslatorDecl": _translator,
    "ProviderDecl": _provider,
    "Pragma": _pragma,
}
