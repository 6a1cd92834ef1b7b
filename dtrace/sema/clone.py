"""Copies of trees: a clause with several probe descriptions is cooked once for each, and every use
of an inline cooks a copy of its expression."""

from __future__ import annotations

from typing import TypeVar

from dtrace.lang.nodes import Node

N = TypeVar("N", bound=Node)


def clone(node: N) -> N:
    """A copy of a tree that shares spans, types and what names stand for."""
    copy: N = object.__new__(type(node))
    names: tuple[str, ...] = node.__slots__
    for name in names:
        value = getattr(node, name)
        if isinstance(value, Node):
            value = clone(value)
        elif isinstance(value, list):
            value = [clone(v) if isinstance(v, Node) else v for v in value]
        setattr(copy, name, value)
    return copy
