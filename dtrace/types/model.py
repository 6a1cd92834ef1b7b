"""Types: what a D expression can have.  LP64: int 4 bytes, long and pointers 8.

Types are compared by `same()`, not by identity; sizes are in bytes.  Struct members are filled
in by `define()` because a struct may hold a pointer to itself.
"""

from __future__ import annotations

from dtrace.lang.record import describe, fresh, record


class Type:
    """A type.  `size` is 0 for void, functions and incomplete types."""

    __slots__ = ()
    size: int

    def __repr__(self) -> str:
        return describe(self, hidden=("members",))  # a struct may lead back to itself


@record
class Int(Type):
    """An integer: char, short, int, long, long long, _Bool and their unsigned forms."""

    name: str  # "unsigned int"
    size: int
    signed: bool
    rank: int = 0  # among types of one size: int64_t's long before long long (dt_cc.c)


@record
class Float(Type):
    """float, double: declared, never computed with."""

    name: str
    size: int


@record
class Void(Type):
    """void."""

    size: int = 0


@record
class String(Type):
    """D's `string`: `size` bytes of storage (option strsize), the NUL included."""

    size: int


@record
class Pointer(Type):
    """A pointer.  user: it points into a process, so loads go through probe_read_user."""

    target: Type
    user: bool = False
    size: int = 8


@record
class Array(Type):
    """`elem[count]`; count 0: `[]`."""

    elem: Type
    count: int

    @property
    def size(self) -> int:  # type: ignore[override]
        return self.elem.size * self.count


@record
class Function(Type):
    """A function; only pointers to it are of use."""

    ret: Type
    params: tuple[Type, ...]
    varargs: bool = False
    size: int = 0


@record
class StructMember:
    """A member: offset in bytes; a bit-field has bits > 0 and starts at the struct's bit_offset."""

    name: str  # "" for an anonymous struct or union
    type: Type
    offset: int
    bits: int = 0
    bit_offset: int = 0


@record
class Struct(Type):
    """A struct or union."""

    kind: str  # "struct" or "union"
    tag: str
    size: int = 0
    align: int = 1
    members: dict[str, StructMember] = fresh(factory=dict)  # anonymous ones as "<n>"
    complete: bool = False


@record
class Enum(Type):
    """An enum; counts as int."""

    tag: str
    values: dict[str, int] = fresh(factory=dict)
    size: int = 4
    signed: bool = True


@record
class Typedef(Type):
    """Another name for a type.  resolve() looks through it."""

    name: str
    target: Type

    @property
    def size(self) -> int:  # type: ignore[override]
        return self.target.size


@record
class Qualified(Type):
    """const, volatile or restrict.  resolve() looks through it."""

    quals: tuple[str, ...]
    target: Type

    @property
    def size(self) -> int:  # type: ignore[override]
        return self.target.size


@record
class Dynamic(Type):
    """The type of what has no value of its own: an action, an aggregation, a translated struct."""

    name: str = "<DYN>"
    size: int = 0


def resolve(t: Type) -> Type:
    """`t` without typedefs and qualifiers."""
    while isinstance(t, (Typedef, Qualified)):
        t = t.target
    return t
