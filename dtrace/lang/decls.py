"""Declaration nodes: type names, variables, translators, inlines, providers, pragmas."""

from __future__ import annotations

from dtrace.lang.nodes import Expr, Node
from dtrace.lang.record import fresh, record
from dtrace.source import NO_SPAN, Span


@record
class Enumerator(Node):
    """`name` or `name = value` in an enum."""

    name: str
    value: Expr | None = None
    span: Span = NO_SPAN


@record
class MemberDecl(Node):
    """One member of a struct or union; no declarator name: an anonymous struct or union."""

    base: TypeSpec
    declarator: Declarator
    bits: Expr | None = None  # width of a bit-field
    span: Span = NO_SPAN


@record
class TypeSpec(Node):
    """Declaration specifiers: `unsigned long`, `struct s { ... }`, `const foo_t`."""

    words: list[str]  # basic type words in order of writing, or one typedef name (may hold `)
    kind: str = ""  # "struct", "union", "enum", or "" for `words`
    tag: str = ""  # after struct, union, enum; "" if anonymous; may hold `
    members: list[MemberDecl] | None = None  # None: no braces
    enumerators: list[Enumerator] | None = None
    quals: list[str] = fresh(factory=list)  # const, volatile, restrict
    storage: list[str] = fresh(factory=list)  # typedef, extern, self, this, static ...
    span: Span = NO_SPAN


@record
class PointerTo(Node):
    """A `*` with the qualifiers after it."""

    quals: list[str] = fresh(factory=list)
    span: Span = NO_SPAN


@record
class ArrayOf(Node):
    """`[size]`, `[]`, or the key types of an associative array `[int, string]`."""

    size: Expr | None = None
    keys: list[Param] | None = None  # an associative array
    span: Span = NO_SPAN


@record
class FunctionOf(Node):
    """`(int, char *)`."""

    params: list[Param]
    varargs: bool = False
    span: Span = NO_SPAN


@record
class Declarator(Node):
    """What surrounds a declared name, read from the name outwards.

    `int *a[3]` (an array of pointers) has derived = [ArrayOf(3), PointerTo()].
    """

    name: str  # "" in an abstract declarator; for `self int x` the name is x
    derived: list[PointerTo | ArrayOf | FunctionOf] = fresh(factory=list)
    span: Span = NO_SPAN


@record
class TypeName(Node):
    """A type in a cast, sizeof, inline ...: specifiers and an abstract declarator."""

    base: TypeSpec
    declarator: Declarator
    span: Span = NO_SPAN


@record
class Param(Node):
    """A parameter of a function, an inline or a probe; or a key of an associative array."""

    base: TypeSpec
    declarator: Declarator
    span: Span = NO_SPAN


@record
class Declaration(Node):
    """`base declarator, declarator...;` with the storage class in base.storage."""

    base: TypeSpec
    declarators: list[Declarator]
    span: Span = NO_SPAN


@record
class InlineDecl(Node):
    """`inline T name = value;` or `inline T name[T a, ...] = value;`."""

    base: TypeSpec
    declarator: Declarator
    value: Expr
    span: Span = NO_SPAN


@record
class TranslatorMember(Node):
    """`name = value;` in a translator."""

    name: str
    value: Expr
    span: Span = NO_SPAN


@record
class TranslatorDecl(Node):
    """`translator OUT < IN name > { members };`."""

    output: TypeName
    input: TypeName
    param: str
    members: list[TranslatorMember]
    span: Span = NO_SPAN


@record
class ProviderProbe(Node):
    """`probe name(args) : (args);` in a provider declaration."""

    name: str
    native: FunctionOf
    translated: FunctionOf | None = None
    span: Span = NO_SPAN


@record
class ProviderDecl(Node):
    """`provider name { probes };`."""

    name: str
    probes: list[ProviderProbe]
    span: Span = NO_SPAN


@record
class Pragma(Node):
    """A control line: `#pragma D option quiet` is words ["D", "option", "quiet"], kind "pragma"."""

    kind: str  # "pragma", "error", "ident", "line" (`#line 12`), "marker" (`# 12`)
    words: list[str]
    span: Span = NO_SPAN
