"""Classes that are a few named fields: trees, types and symbols are made of them.

They are dataclasses with slots for those who use them and for mypy.  The standard module costs a
one-liner a tenth of its time: it imports `inspect` and compiles functions for each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Fresh:
    """The default of a field that each object has its own of."""

    __slots__ = ("factory",)

    def __init__(self, factory: Callable[[], object]) -> None:
        self.factory = factory


def fresh(*, factory: Callable[[], T]) -> T:
    """A default made anew for every object: `items: list[Node] = fresh(factory=list)`."""
    return Fresh(factory)  # type: ignore[return-value]


@dataclass_transform(eq_default=False, field_specifiers=(fresh,))
def record(cls: type[T]) -> type[T]:
    """Give a class slots and a constructor, by the annotations in its body.

    Fields of base classes are not taken over; objects are compared by identity.
    """
    names = tuple(cls.__annotations__)
    body = {key: value for key, value in vars(cls).items() if key not in _ROOM_WITHOUT_SLOTS}
    body["__slots__"] = names
    body["__init__"] = _constructor(names, {n: body.pop(n) for n in names if n in body})
    made: type[T] = type(cls.__name__, cls.__bases__, body)
    return made


# What a class without slots has for its objects' attributes.
_ROOM_WITHOUT_SLOTS = ("__dict__", "__weakref__")


def _constructor(names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    def construct(self: Any, *args: object, **named: object) -> None:
        if len(args) > len(names):
            message = f"{len(args)} values for the {len(names)} fields of {type(self).__name__}"
            raise TypeError(message)
        for name, value in zip(names, args, strict=False):
            setattr(self, name, value)
        for name in names[len(args) :]:
            if name in named:
                value = named.pop(name)
            elif name in defaults:
                value = defaults[name]
                if type(value) is Fresh:
                    value = value.factory()
            else:
                raise TypeError(f"{type(self).__name__} without {name}")
            setattr(self, name, value)
        if named:
            raise TypeError(f"{type(self).__name__} has no free field {', '.join(named)}")

    return construct


def describe(value: object, hidden: tuple[str, ...] = ()) -> str:
    """A record's class and fields, those in `hidden` left out: `Ident(name='x')`."""
    slots: tuple[str, ...] = type(value).__slots__  # type: ignore[attr-defined]
    shown = ", ".join(f"{name}={getattr(value, name)!r}" for name in slots if name not in hidden)
    return f"{type(value).__name__}({shown})"
