"""Which names a tree uses."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from dtrace.lang.nodes import Ident, Scoped
from dtrace.sema.symbols import Variable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtrace.lang.nodes import Node


def names_used(nodes: Iterable[Node]) -> set[str]:
    """Names of the builtin variables in `nodes`, and "self->" if a thread-local one is used."""
    found: set[str] = set()
    stack: list[object] = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
            continue
        ref = getattr(node, "ref", None)
        if isinstance(ref, Variable):
            if ref.scope == "self":
                found.add("self->")
        elif isinstance(node, Ident):
            found.add(node.name)
        stack.extend(_children(node))
    return found


def _children(node: object) -> list[object]:
    cls = type(node)
    names = _CHILDREN.get(cls)
    if names is None:
        names = _CHILDREN[cls] = _names_of_children(cls)
    return [child for name in names if (child := getattr(node, name)) is not None]


# Fields of a node's class that may hold nodes: all but its types and what cooking added.
_CHILDREN: dict[type, tuple[str, ...]] = {Scoped: ()}
_NOT_NODES = {"span", "type", "optype", "ref", "detail", "name", "op", "text", "value", "to", "of"}


def _names_of_children(cls: type) -> tuple[str, ...]:
    if not is_dataclass(cls):
        return ()
    return tuple(f.name for f in fields(cls) if f.name not in _NOT_NODES)
