"""Context: what cooking a node needs to know, and the dispatch to the functions that do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.diag import CompileError
from dtrace.lang.nodes import AggRef, Ident, Scoped, Xlate
from dtrace.sema.idents import IdentDef
from dtrace.sema.lines import reported_line
from dtrace.sema.scope import Names, kind_name
from dtrace.sema.symbols import Aggregation, Inline, Unit, Variable
from dtrace.types.builtin import string_type
from dtrace.types.convert import is_dynamic, is_pointer, type_name
from dtrace.types.scope import TypeScope

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.errtags import ErrTag
    from dtrace.lang.decls import Pragma
    from dtrace.lang.nodes import Expr, Node
    from dtrace.probes.desc import Probe, ProbeDesc
    from dtrace.sema.proto import Signature
    from dtrace.sema.provider import Provider
    from dtrace.sema.xlate import Translator
    from dtrace.target import Target
    from dtrace.types.model import Type
    from dtrace.types.scope import KernelTypes


class CookOptions(NamedTuple):
    """What a command line decides about the meaning of programs.

    set_option: called for every `#pragma D option`; None: pragmas were applied before.
    zdefs: descriptions may match no probe (-Z).
    kernel: the target's own types, or None.
    process: there is a -p or -c process, so %A takes any address.
    libraries: names may come from the D library.
    """

    set_option: Callable[[str, str | None], None] | None = None
    zdefs: bool = False
    kernel: KernelTypes | None = None
    process: bool = False
    libraries: bool = True


class Context:
    """The state of cooking one session's programs."""

    def __init__(
        self, target: Target, matcher: Callable[[ProbeDesc], list[Probe]], options: CookOptions
    ) -> None:
        self.target = target
        self.matcher = matcher
        self.options: CookOptions = options
        self.types = TypeScope(string_type(target.strsize), options.kernel)
        self.in_library = False  # whether a file of the D library is being compiled
        self.names = Names()
        self.libraries: set[str] = set()  # files of the D library that are in
        if self.options.libraries:
            self.names.library = self._load_library
            self.types.library = self._load_library
        self.unit = Unit()
        self.externs: dict[str, Type] = {}  # `extern` declarations
        self.translators: list[Translator] = []
        self.providers: dict[str, Provider] = {}  # that programs declared
        self.pending_pragmas: list[tuple[str, Pragma]] = []  # about names not yet defined
        self.signatures: dict[str, Signature] = {}  # of builtin functions, read when first used
        self.fields = 4  # of the probe descriptions of the program at work, provider first
        # Of the clause at work
        self.at: Node | None = None  # its probe description; None outside of clauses
        self.desc: ProbeDesc | None = None
        self.probes: list[Probe] = []
        self.region = ""  # "in action list", "in predicate"

    def _load_library(self, name: str) -> bool:
        from dtrace.sema.library import load

        return load(self, name)

    def cook(self, node: Expr) -> Expr:
        """Give `node` its type; the result takes its place in the tree.

        Raises CompileError.
        """
        from dtrace.sema.dispatch import COOK

        return COOK[type(node)](self, node)

    def error(
        self, tag: ErrTag | None, message: str, node: Node | None, line: int = 0
    ) -> CompileError:
        """A CompileError about `node`.

        line: the line to report if it is not the node's.
        """
        from dtrace.source import NO_SPAN

        span = node.span if node is not None else NO_SPAN
        region = "" if span.source.name else self.region
        if not line and node is not None:
            line = reported_line(node)
        return CompileError(tag, message, span, region, line)

    @property
    def clause_line(self) -> int:
        """The line of the probe description: where libdtrace is while it generates code."""
        return self.at.span.line if self.at is not None else 0

    def describe(self, node: Expr) -> str:
        """The type of a cooked node as messages print it."""
        if isinstance(node, Xlate):
            assert node.type is not None
            return "pointer to translated data" if is_pointer(node.type) else "translated data"
        if isinstance(node, AggRef):
            return "aggregation"
        if node.type is not None and is_dynamic(node.type):
            ref = getattr(node, "ref", None)
            if isinstance(ref, (Variable, Inline, IdentDef)):
                return kind_name(ref)
        return type_name(node.type)

    def node_name(self, node: Expr) -> str:
        """What messages call a node."""
        if isinstance(node, (Ident, Scoped)):
            ref = node.ref
            return f"{kind_name(ref)} {node.name}" if ref is not None else f"identifier {node.name}"
        if isinstance(node, AggRef):
            return f"aggregation @{node.name}"
        return f"operator {getattr(node, 'op', '[')}"

    def aggregation(self, node: AggRef) -> Aggregation:
        """The aggregation that a cooked node names."""
        assert node.ref is not None
        return node.ref
