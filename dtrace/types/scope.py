"""TypeScope: typedefs and tags that a program can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dtrace.types.builtin import BASE_TYPES, TYPEDEFS
from dtrace.types.model import Enum, Pointer, Struct, Type, Typedef

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.types.model import String

# Kernel structs that the compiler itself names, where no kernel's types are at hand.
_OPAQUE = ("task_struct", "mutex", "path", "in6_addr")


class KernelTypes(Protocol):
    """Where a kernel's own types come from (types/btf.py)."""

    def c_type(self, kind: str, name: str) -> Type | None:
        """The type of a C name; kind: "struct", "union", "enum", or "" for a typedef."""


class TypeScope:
    """What type names mean: D's own, the program's, the D library's, then the kernel's.

    string: D's string type, which depends on the option strsize.
    kernel: the kernel's types, or None.
    """

    def __init__(self, string: String, kernel: KernelTypes | None = None) -> None:
        self.string = string
        self.kernel = kernel
        self.typedefs: dict[str, Type] = {}
        # Defines types of the D library: called for one that is unknown, says if it is known now.
        self.library: Callable[[str], bool] | None = None
        self._kernels: dict[tuple[str, str], Type | None] = {}  # what the kernel was asked for
        self.tags: dict[str, Struct | Enum] = {}  # "struct s", "enum e"

    def typedef(self, name: str, *, kernel: bool = True) -> Type | None:
        """The type of a typedef name or of `string`, else None.  A module before a backquote is
        looked through: all kernel types are in one place.

        kernel: whether the kernel's typedefs count too.
        """
        if name == "string":
            return self.string
        name = name.removeprefix("D`")
        found = self.typedefs.get(name) or TYPEDEFS.get(name)
        if found is None and self.library is not None and self.library(name):
            found = self.typedefs.get(name)
        if found is None and kernel:
            found = self._kernel("", name)
        return found

    def tag(self, kind: str, tag: str) -> Struct | Enum | None:
        """The struct, union or enum of that tag, else None.  D`tag is one of the program's own."""
        tag = tag.removeprefix("D`")
        found = self.tags.get(f"{kind} {tag}")
        if found is not None:
            return found
        known = self._kernel(kind, tag)
        if known is None and kind == "struct" and tag.rpartition("`")[2] in _OPAQUE:
            known = Struct(kind, tag.rpartition("`")[2])
        if isinstance(known, (Struct, Enum)):
            self.tags[f"{kind} {tag}"] = known
            return known
        return None

    def forward(self, kind: str, tag: str) -> Struct | Enum:
        """The struct, union or enum of that tag, declared here if it is new."""
        tag = tag.removeprefix("D`")
        found = self.tag(kind, tag)
        if found is None:
            found = Enum(tag, size=0) if kind == "enum" else Struct(kind, tag)
            self.tags[f"{kind} {tag}"] = found
        return found

    def parse(self, text: str) -> Type | None:
        """The type of a plain C type name, such as the tables of builtins and of probes'
        arguments use: words, a tag, stars; qualifiers are dropped.  None if a name is unknown."""
        text = text.replace("*", " * ")
        words = [w.rpartition("`")[2] if "`" in w else w for w in text.split()]
        stars = 0
        while words and words[-1] in ("*", "const", "volatile"):
            stars += words.pop() == "*"
        words = [w for w in words if w not in ("const", "volatile", "restrict")]
        t: Type | None
        if words and words[0] in ("struct", "union", "enum"):
            t = self.forward(words[0], words[1])
        else:
            name = " ".join(words)
            t = self._base(name) or self.typedef(name)
        if t is None:
            return None
        for _ in range(stars):
            t = Pointer(t)
        return t

    def _base(self, name: str) -> Type | None:
        return BASE_TYPES.get(name) or BASE_TYPES.get(_C_NAMES.get(name, ""))

    def _kernel(self, kind: str, name: str) -> Type | None:
        if self.kernel is None:
            return None
        key = kind, name.rpartition("`")[2]
        if key not in self._kernels:
            self._kernels[key] = self.kernel.c_type(*key)
        return self._kernels[key]

    def define(self, name: str, target: Type) -> None:
        """Add a typedef."""
        self.typedefs[name] = Typedef(name, target)


# C's longer names of the integer types.
_C_NAMES = {
    "short int": "short",
    "unsigned short int": "unsigned short",
    "long int": "long",
    "unsigned long int": "unsigned long",
    "long unsigned int": "unsigned long",
    "long long int": "long long",
    "unsigned long long int": "unsigned long long",
    "long long unsigned int": "unsigned long long",
}
